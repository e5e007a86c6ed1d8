/** Prices of Cohere; see price-table.ts for what a line says and where it is from. */
export const COHERE = `
command command-nightly 1 2
command-a-03-2025 command-a-plus-05-2026 command-a-reasoning-08-2025 command-a-translate-08-2025 2.5 10
command-a-vision-07-2025 command-r-plus command-r-plus-08-2024 2.5 10
command-light 0.3 0.6
command-r command-r-08-2024 0.15 0.6
command-r7b command-r7b-12-2024 0.0375 0.15
embed-english-light-v2.0 embed-english-v2.0 embed-english-v3.0 embed-multilingual-v2.0 embed-multilingual-v3.0 0.1
embed-v4.0 0.12
`;
