/** Prices of Mistral; see price-table.ts for what a line says and where it is from. A date or `-latest` stands in each name: another date is another model here. */
export const MISTRAL = `
codestral-2501 codestral-2508 0.3 0.9
codestral-embed 0.15
devstral-2512 devstral-latest devstral-medium-2507 devstral-medium-latest mistral-medium-2505 mistral-medium-2508 0.4 2
mistral-medium-3-1-2508 0.4 2
devstral-small-2505 devstral-small-2507 devstral-small-latest 0.1 0.3
magistral-medium-1-2-2509 magistral-medium-2506 magistral-medium-2509 magistral-medium-latest 2 5
magistral-small-1-2-2509 magistral-small-2506 magistral-small-2509 magistral-small-latest mistral-large-2512 0.5 1.5
ministral-14b-2512 0.2 0.2
ministral-3b-2512 0.1 0.1
mistral-embed 0.1
mistral-large-2411 open-mixtral-8x22b pixtral-large-2411 pixtral-large-latest 2 6
mistral-nemo pixtral-12b 0.15 0.15
mistral-small-2603 0.15 0.6
mistral-tiny open-mistral-7b 0.25 0.25
open-mixtral-8x7b 0.7 0.7
`;
