/** The lowest Node that records: `engines` of package.json. An older one reads recordings, and sees no calls. */
const NODE_MIN: readonly [number, number] = [22, 15];

/** `22.15`. */
export const NODE_MIN_TEXT = NODE_MIN.join('.');

/** Whether this Node is new enough to record. */
export function nodeRecords(node: string = process.versions.node): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}
