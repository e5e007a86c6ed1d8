/** C0 but tab and line feed, DEL, C1, and the invisible characters that reorder text: what may do things to a terminal. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
export const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g;
