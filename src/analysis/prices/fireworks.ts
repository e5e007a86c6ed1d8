/** Prices of Fireworks; see price-table.ts for what a line says and where it is from. */
export const FIREWORKS = `
deepseek-r1-0528 3 8
deepseek-v3-0324 qwen2p5-vl-72b-instruct 0.9 0.9
deepseek-v3p2 0.56 1.68
deepseek-v4-flash 0.14 0.28 0.028
deepseek-v4-pro 1.74 3.48 0.145
glm-4p7 0.6 2.2
glm-5p1 1.4 4.4 0.26
glm-5p1-fast 2.8 8.8 0.52
glm-5p2 1.4 4.4 0.14
glm-5p2-fast 2.1 6.6 0.21
gpt-oss-120b 0.15 0.6
gpt-oss-20b 0.07 0.3 0.035
kimi-k2p5 0.6 3 0.1
kimi-k2p6 0.95 4 0.16
kimi-k2p6-fast 2 8 0.3
kimi-k2p7-code 0.95 4 0.19
kimi-k2p7-code-fast 1.9 8 0.38
llama4-maverick-instruct-basic qwen3-235b-a22b 0.22 0.88
minimax-m2p1 0.3 1.2
minimax-m2p7 minimax-m3 0.3 1.2 0.06
qwen3p7-plus 0.4 1.6 0.08
`;
