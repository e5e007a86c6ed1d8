/** The conventions' provider names for what LangChain's chat models call their provider (`ls_provider`): `google_genai`, `amazon_bedrock`, `xai`. */

const NAMES: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  azure_openai: 'azure.ai.openai',
  mistral: 'mistral_ai',
  mistralai: 'mistral_ai',
  google: 'gcp.gemini',
  google_genai: 'gcp.gemini',
  google_vertexai: 'gcp.vertex_ai',
  amazon_bedrock: 'aws.bedrock',
  bedrock: 'aws.bedrock',
  bedrock_converse: 'aws.bedrock',
  aws: 'aws.bedrock',
  xai: 'x_ai',
  togetherai: 'together',
  moonshot: 'moonshot_ai',
  watsonx: 'ibm.watsonx.ai',
  ibm: 'ibm.watsonx.ai',
  alibaba_tongyi: 'alibaba_cloud',
};

/** The provider of a model whose LangChain integration calls it `given`; one that the conventions have no word for keeps its own. */
export function providerOfModel(given: unknown): string {
  if (typeof given !== 'string' || given === '') return 'unknown';
  const word = given
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 64);
  return NAMES[word] ?? word;
}
