/** Prices of Together; see price-table.ts for what a line says and where it is from. */
export const TOGETHER = `
baai/bge-base-en-v1.5 0.008
deepseek-ai/deepseek-r1 3 7
deepseek-ai/deepseek-r1-0528-tput 0.55 2.19
deepseek-ai/deepseek-v3 1.25 1.25
deepseek-ai/deepseek-v3.1 0.6 1.7
meta-llama/llama-3-70b-chat-hf 0.9 0.9
meta-llama/llama-3-8b-chat-hf mistralai/mistral-7b-instruct-v0.1 mistralai/mistral-7b-instruct-v0.2 0.2 0.2
meta-llama/llama-3.3-70b-instruct-turbo meta-llama/meta-llama-3.1-70b-instruct-turbo 0.88 0.88
meta-llama/llama-4-maverick-17b-128e-instruct-fp8 0.27 0.85
meta-llama/llama-4-scout-17b-16e-instruct 0.18 0.59
meta-llama/meta-llama-3.1-405b-instruct-turbo 3.5 3.5
meta-llama/meta-llama-3.1-8b-instruct-turbo 0.18 0.18
moonshotai/kimi-k2-instruct 1 3
moonshotai/kimi-k2.5 0.5 2.8
openai/gpt-oss-120b 0.15 0.6
openai/gpt-oss-20b 0.05 0.2
qwen/qwen3-235b-a22b-fp8-tput 0.2 0.6
qwen/qwen3-235b-a22b-thinking-2507 0.65 3
qwen/qwen3-coder-480b-a35b-instruct-fp8 2 2
zai-org/glm-4.5-air-fp8 0.2 1.1
`;
