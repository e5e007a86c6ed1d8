/** Prices of Anthropic; see price-table.ts for what a line says and where it is from. */
export const ANTHROPIC = `
claude-2.1 8 24
claude-3-5-haiku 0.8 4 0.08 1 1.6
claude-3-5-sonnet claude-3-7-sonnet claude-sonnet-4-6 3 15 0.3 3.75 6
claude-3-haiku 0.25 1.25 0.03 0.3 ?
claude-3-opus claude-4-opus claude-opus-4 claude-opus-4-0 claude-opus-4-1 15 75 1.5 18.75 30
claude-3-sonnet 3 15 0.3 - 6
claude-4-sonnet claude-sonnet-4 claude-sonnet-4-0 3 15 0.3 3.75 6 >200k ?
claude-fable-5 10 50 1 12.5 20
claude-haiku-4-5 1 5 0.1 1.25 2
claude-opus-4-5 claude-opus-4-6 claude-opus-4-7 claude-opus-4-8 claude-opus-5 5 25 0.5 6.25 10
claude-sonnet-4-5 3 15 0.3 3.75 6 >200k 6 22.5 0.6 7.5 12
`;
