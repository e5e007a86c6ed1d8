/** Prices of AI21; see price-table.ts for what a line says and where it is from. */
export const AI21 = `
jamba-1.5-large jamba-large-1.7 2 8
jamba-1.5-mini 0.2 0.4
`;
