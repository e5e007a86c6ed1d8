/** Who writes the recordings. A test compares it with package.json, which is not read in other people's processes. */
export const SDK = 'hindcast/0.1.0';
