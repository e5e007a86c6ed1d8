/** The conventions' provider names for what the models of the Vercel AI SDK call themselves: `openai.responses`, `google.vertex.chat`, `amazon-bedrock`. */

/** The beginning of a model's name for its provider, and ours; a longer one stands before a shorter. */
const BEGINNINGS: readonly (readonly [string, string])[] = [
  ['google.vertex', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['googlevertex', 'gcp.vertex_ai'],
  ['vertex', 'gcp.vertex_ai'],
  ['google', 'gcp.gemini'],
  ['amazon-bedrock', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['azure', 'azure.ai.openai'],
  ['mistral', 'mistral_ai'],
  ['xai', 'x_ai'],
  ['togetherai', 'together'],
  ['moonshotai', 'moonshot_ai'],
  ['alibaba', 'alibaba_cloud'],
  ['gateway', 'vercel_ai_gateway'],
];

/** The provider of a model that calls it `given`; a provider that has no word in the conventions keeps its own. */
export function providerNamed(given: unknown): string {
  if (typeof given !== 'string' || given === '') return 'unknown';
  const name = given.toLowerCase();
  const known = BEGINNINGS.find(([start]) => name === start || name.startsWith(`${start}.`) || name.startsWith(`${start}-`));
  return (
    known?.[1] ??
    name
      .split('.', 1)[0]!
      .replaceAll(/[^a-z0-9_]/g, '_')
      .slice(0, 64)
  );
}
