/** Prices of Google Vertex AI; see price-table.ts for what a line says and where it is from. Those of Claude are of the global endpoint. */
export const VERTEX = `
claude-3-5-sonnet claude-3-sonnet 3 15
claude-3-7-sonnet 3 15 0.3 3.75 ?
claude-3-haiku 0.25 1.25 0.03 0.3 ?
claude-3-opus 15 75
claude-fable-5 10 50 1 12.5 20
claude-haiku-4-5 1 5 0.1 1.25 2
claude-opus-4 claude-opus-4-1 15 75 1.5 18.75 30
claude-opus-4-5 claude-opus-5 5 25 0.5 6.25 10
claude-opus-4-6 5 25 0.5 6.25 10 >200k 10 37.5 1 12.5
claude-opus-4-7 claude-opus-4-8 5 25 0.5 6.25 10 >200k ?
claude-sonnet-4 claude-sonnet-4-5 claude-sonnet-4-6 3 15 0.3 3.75 6 >200k ?
gemini-2.0-flash 0.1 0.4 0.025
gemini-2.0-flash-001 ?
gemini-2.0-flash-lite 0.075 0.3
gemini-2.5-flash gemini-3.5-flash-lite 0.3 2.5 0.03
gemini-2.5-flash-lite gemini-2.5-flash-lite-preview-09-2025 0.1 0.4 0.01
gemini-2.5-flash-lite-preview-06-17 0.1 0.4
gemini-2.5-flash-preview-04-17 gemini-2.5-flash-preview-05-20 0.15 0.6
gemini-2.5-flash-preview-09-2025 0.3 2.5
gemini-2.5-pro 1.25 10 0.125 >200k 2.5 15 0.25
gemini-2.5-pro-preview-03-25 gemini-2.5-pro-preview-05-06 1.25 10 >200k ?
gemini-3-flash-preview 0.5 3 0.05
gemini-3-pro-preview gemini-3.1-pro-preview gemini-3.1-pro-preview-customtools 2 12 0.2 >200k 4 18 0.4
gemini-3.1-flash-lite gemini-3.1-flash-lite-preview 0.25 1.5 0.025
gemini-3.5-flash 1.5 9 0.15
gemini-embedding-001 0.15
text-embedding-004 0.1
`;
