/** Prices of Google AI Studio; see price-table.ts for what a line says and where it is from. */
export const GEMINI = `
gemini-2.0-flash 0.1 0.4 0.025
gemini-2.0-flash-lite 0.075 0.3
gemini-2.5-flash gemini-3.5-flash-lite 0.3 2.5 0.03
gemini-2.5-flash-lite gemini-2.5-flash-lite-preview-09-2025 0.1 0.4 0.01
gemini-2.5-flash-lite-preview-06-17 0.1 0.4
gemini-2.5-flash-preview-09-2025 0.3 2.5
gemini-2.5-pro 1.25 10 0.125 >200k 2.5 15 0.25
gemini-3-flash-preview 0.5 3 0.05
gemini-3-pro-preview gemini-3.1-pro-preview gemini-3.1-pro-preview-customtools 2 12 0.2 >200k 4 18 0.4
gemini-3.1-flash-lite gemini-3.1-flash-lite-preview 0.25 1.5 0.025
gemini-3.5-flash 1.5 9 0.15
gemini-embedding-001 0.15
`;
