/** Prices of Moonshot AI; see price-table.ts for what a line says and where it is from. */
export const MOONSHOT = `
kimi-k2-0711-preview kimi-k2-0905-preview kimi-k2-thinking 0.6 2.5 0.15
kimi-k2-thinking-turbo kimi-k2-turbo-preview 1.15 8 0.15
kimi-k2.5 0.6 3 0.1
kimi-k2.6 0.95 4 0.16
kimi-k2.7-code 0.95 4 0.19
kimi-k3 3 15 0.3
moonshot-v1-128k 2 5
moonshot-v1-32k 1 3
moonshot-v1-8k 0.2 2
`;
