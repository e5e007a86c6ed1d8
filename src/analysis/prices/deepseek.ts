/** Prices of DeepSeek; see price-table.ts for what a line says and where it is from. */
export const DEEPSEEK = `
deepseek-v4-flash 0.14 0.28 0.0028
deepseek-v4-pro 0.435 0.87 0.003625
`;
