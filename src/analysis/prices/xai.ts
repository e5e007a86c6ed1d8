/** Prices of xAI; see price-table.ts for what a line says and where it is from. */
export const XAI = `
grok-2 grok-2-vision 2 10
grok-3 grok-3-beta 3 15 0.75
grok-3-fast grok-3-fast-beta 5 25 1.25
grok-3-mini grok-3-mini-beta 0.3 0.5 0.075
grok-3-mini-fast grok-3-mini-fast-beta 0.6 4 0.15
grok-4 3 15 >128k ?
grok-4-1-fast grok-4-1-fast-non-reasoning grok-4-1-fast-reasoning grok-4-fast grok-4-fast-non-reasoning 0.2 0.5 0.05 >128k ?
grok-4-fast-reasoning 0.2 0.5 0.05 >128k ?
grok-4.20-beta-0309-non-reasoning grok-4.20-beta-0309-reasoning 2 6 0.2
grok-4.3 1.25 2.5 0.2 >200k 2.5 5 0.4
grok-4.5 2 6 0.5 >200k ?
grok-beta 5 15
grok-build-0.1 1 2 0.2 >200k ?
grok-code-fast grok-code-fast-1 0.2 1.5 0.02
`;
