/** Prices of Cerebras; see price-table.ts for what a line says and where it is from. */
export const CEREBRAS = `
gpt-oss-120b 0.35 0.75
llama-3.3-70b 0.85 1.2
llama3.1-70b 0.6 0.6
llama3.1-8b 0.1 0.1
qwen-3-32b 0.4 0.8
zai-glm-4.6 zai-glm-4.7 2.25 2.75
`;
