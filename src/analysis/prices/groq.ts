/** Prices of Groq; see price-table.ts for what a line says and where it is from. */
export const GROQ = `
deepseek-r1-distill-llama-70b 0.75 0.99
llama-3.1-70b-versatile llama-3.3-70b-versatile llama3-70b-8192 0.59 0.79
llama-3.1-8b-instant llama3-8b-8192 0.05 0.08
meta-llama/llama-4-maverick-17b-128e-instruct 0.2 0.6
meta-llama/llama-4-scout-17b-16e-instruct 0.11 0.34
moonshotai/kimi-k2-instruct-0905 1 3 0.5
openai/gpt-oss-120b 0.15 0.6 0.075
openai/gpt-oss-20b 0.075 0.3 0.0375
qwen/qwen3-32b 0.29 0.59
`;
