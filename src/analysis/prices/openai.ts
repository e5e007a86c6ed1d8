/** Prices of OpenAI; see price-table.ts for what a line says and where it is from. */
export const OPENAI = `
babbage-002 0.4 0.4
chatgpt-4o 5 15
codex-mini 1.5 6 0.375
davinci-002 2 2
gpt-3.5-turbo 0.5 1.5
gpt-3.5-turbo-0301 gpt-4o-2024-05-13 o1-mini-2024-09-12 ?
gpt-3.5-turbo-0613 gpt-3.5-turbo-instruct 1.5 2
gpt-3.5-turbo-1106 1 2
gpt-3.5-turbo-16k 3 4
gpt-4 30 60
gpt-4-0125-preview gpt-4-1106-preview gpt-4-turbo gpt-4-turbo-preview 10 30
gpt-4-32k 60 120
gpt-4.1 o3 2 8 0.5
gpt-4.1-mini 0.4 1.6 0.1
gpt-4.1-nano 0.1 0.4 0.025
gpt-4.5-preview 75 150 37.5
gpt-4o 2.5 10 1.25
gpt-4o-mini 0.15 0.6 0.075
gpt-5 gpt-5-chat gpt-5-codex gpt-5.1 gpt-5.1-chat gpt-5.1-codex gpt-5.1-codex-max 1.25 10 0.125
gpt-5-mini gpt-5.1-codex-mini 0.25 2 0.025
gpt-5-nano 0.05 0.4 0.005
gpt-5-pro 15 120
gpt-5.2 gpt-5.2-chat gpt-5.2-codex gpt-5.3-chat gpt-5.3-codex 1.75 14 0.175
gpt-5.2-pro 21 168
gpt-5.4 2.5 15 0.25 >272k 5 22.5 0.5
gpt-5.4-mini 0.75 4.5 0.075
gpt-5.4-nano 0.2 1.25 0.02
gpt-5.4-pro 30 180 >272k 60 270
gpt-5.5 5 30 0.5 >272k 10 45 1
gpt-5.5-pro 30 180 3 >272k 60 270
gpt-5.6 gpt-5.6-sol 5 30 0.5 6.25 >272k 10 45 1 12.5
gpt-5.6-luna 0.2 1.2 0.02 0.25 >272k 0.4 1.8 0.04 0.5
gpt-5.6-terra 2 12 0.2 2.5 >272k 4 18 0.4 5
o1 o1-preview 15 60 7.5
o1-mini o3-mini 1.1 4.4 0.55
o1-pro 150 600
o3-pro 20 80
o4-mini 1.1 4.4 0.275
text-embedding-3-large 0.13
text-embedding-3-small 0.02
text-embedding-ada-002 0.1
`;
