/** Prices of Amazon Bedrock; see price-table.ts for what a line says and where it is from. Ids stand as Bedrock wants them: `us.` and `global.` cost differently. */
export const BEDROCK = `
amazon.nova-lite-v1:0 us.amazon.nova-lite-v1:0 0.06 0.24
amazon.nova-micro-v1:0 us.amazon.nova-micro-v1:0 0.035 0.14
amazon.nova-pro-v1:0 us.amazon.nova-pro-v1:0 0.8 3.2
amazon.titan-embed-text-v1 cohere.embed-english-v3 cohere.embed-multilingual-v3 0.1
{,us.}anthropic.claude-3-5-haiku 0.8 4 0.08 1 ?
anthropic.claude-3-5-sonnet global.anthropic.claude-sonnet-4-5 {,apac.,eu.,global.,us.}anthropic.claude-sonnet-4 3 15 0.3 3.75 ? >200k ?
{,apac.,eu.,us.}anthropic.claude-3-sonnet {,eu.,us.}anthropic.claude-3-7-sonnet {apac.,eu.,us.}anthropic.claude-3-5-sonnet 3 15 0.3 3.75 ?
{,apac.,eu.,us.}anthropic.claude-3-haiku 0.25 1.25
{,eu.,us.}anthropic.claude-3-opus 15 75
{,eu.,us.}anthropic.claude-{opus-4,opus-4-1} 15 75 1.5 18.75 ?
anthropic.claude-v2:1 8 24
{apac.,au.,eu.,jp.,us.}anthropic.claude-haiku-4-5 1.1 5.5 0.11 1.375 ?
us.anthropic.claude-opus-4-5 {au.,eu.,jp.,us.}anthropic.claude-{opus-4-7,opus-4-8,opus-5} {au.,eu.,us.}anthropic.claude-opus-4-6 5.5 27.5 0.55 6.875 ?
{au.,eu.,jp.,us.}anthropic.claude-sonnet-4-5 3.3 16.5 0.33 4.125 ? >200k ?
{au.,eu.,jp.,us.}anthropic.claude-sonnet-4-6 3.3 16.5 0.33 4.125 ?
cohere.command-light-text-v14 meta.llama3-8b-instruct-v1:0 0.3 0.6
cohere.command-r-plus-v1:0 3 15
cohere.command-r-v1:0 mistral.magistral-small-2509 mistral.mistral-large-3-675b-instruct 0.5 1.5
cohere.command-text-v14 1.5 2
cohere.embed-v4:0 0.12
deepseek.r1-v1:0 us.deepseek.r1-v1:0 1.35 5.4
deepseek.v3-v1:0 0.58 1.68
deepseek.v3.2 0.62 1.85
eu.amazon.nova-2-lite-v1:0 us.amazon.nova-2-lite-v1:0 0.33 2.75 0.0825
{eu.,us.}anthropic.claude-fable-5 11 55 1.1 13.75 ?
eu.mistral.pixtral-large-2502-v1:0 mistral.pixtral-large-2502-v1:0 us.mistral.pixtral-large-2502-v1:0 2 6
global.amazon.nova-2-lite-v1:0 0.3 2.5 0.075
global.anthropic.claude-fable-5 10 50 1 12.5 20
global.anthropic.claude-haiku-4-5 1 5 0.1 1.25 ?
global.anthropic.claude-opus-4-5 5 25 0.5 6.25 ?
global.anthropic.claude-{opus-4-6,opus-4-7,opus-4-8,opus-5} 5 25 0.5 6.25 10
global.anthropic.claude-sonnet-4-6 3 15 0.3 3.75 6
meta.llama3-1-8b-instruct-v1:0 us.meta.llama3-1-8b-instruct-v1:0 0.22 0.22
meta.llama3-2-1b-instruct-v1:0 mistral.ministral-3-3b-instruct us.meta.llama3-2-1b-instruct-v1:0 0.1 0.1
meta.llama3-2-3b-instruct-v1:0 mistral.ministral-3-8b-instruct us.meta.llama3-2-3b-instruct-v1:0 0.15 0.15
meta.llama3-3-70b-instruct-v1:0 us.meta.llama3-3-70b-instruct-v1:0 0.72 0.72
meta.llama3-70b-instruct-v1:0 2.65 3.5
meta.llama4-maverick-17b-instruct-v1:0 us.meta.llama4-maverick-17b-instruct-v1:0 0.24 0.97
meta.llama4-scout-17b-instruct-v1:0 us.meta.llama4-scout-17b-instruct-v1:0 0.17 0.66
mistral.devstral-2-123b 0.4 2
mistral.ministral-3-14b-instruct 0.2 0.2
mistral.mistral-7b-instruct-v0:2 0.15 0.2
mistral.mistral-small-2402-v1:0 1 3
mistral.mixtral-8x7b-instruct-v0:1 0.45 0.7
openai.gpt-5.4 2.75 16.5 0.275
openai.gpt-5.5 5.5 33 0.55
openai.gpt-5.6-luna 0.22 1.32 0.022 0.275 >272k ?
openai.gpt-5.6-sol 5.5 33 0.55 6.875 >272k ?
openai.gpt-5.6-terra 2.2 13.2 0.22 2.75 >272k ?
openai.gpt-oss-120b-1:0 qwen.qwen3-32b-v1:0 qwen.qwen3-coder-30b-a3b-v1:0 0.15 0.6
openai.gpt-oss-20b-1:0 0.07 0.3
qwen.qwen3-235b-a22b-2507-v1:0 0.22 0.88
us.amazon.nova-premier-v1:0 2.5 12.5
`;
