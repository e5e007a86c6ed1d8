/** Bedrock's `InvokeModel`: whatever the model behind it understands, with or without a stream. */
import type { LlmRequest, Usage } from '../../events/model.ts';
import { awsError, bytesOf, chunkError, METRICS, metricsUsage, modelName } from './bedrock-facts.ts';
import type { Assembler, Operation, ResponseFacts } from '../contract.ts';
import { copy, fields, flag, parseJson, present, type Fields } from '../fields.ts';
import { readInvokeAnswer, readInvokeChunk, readInvokeRequest } from './invoke-dialects.ts';
import { genericPart } from '../parts.ts';
import { defineOperation, type ChunkFolder } from '../operation.ts';

/** The JSON that a member of the SDK holds: as text where the app gave it so, as bytes where it came from the wire. */
function jsonOf(value: unknown): Fields {
  const json = typeof value === 'string' ? value : bytesOf(value)?.toString('utf8');
  return json === undefined ? {} : fields(parseJson(json));
}

const isBytes = (value: unknown): boolean => ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

/** What the model was asked, with the model's name, which the wire has in the path: of the SDK's request, of what is made here of one, or of a body of the wire. */
export function invokeRequest(given: unknown): Fields {
  const { modelId, body, stream, ...rest } = fields(given);
  const isCommand = isBytes(body) || (typeof body === 'string' && modelId !== undefined);
  const asked = isCommand ? jsonOf(body) : { ...rest, ...present({ body }) };
  return { ...asked, ...present({ model: modelName(modelId ?? asked['model']), stream: flag(stream) ?? flag(asked['stream']) }) };
}

/** What the model answered: of the SDK's answer, or of a body of the wire. */
export function invokeAnswer(given: unknown): Fields {
  const { body } = fields(given);
  return isBytes(body) ? jsonOf(body) : fields(given);
}

/** A chunk as the SDK hands it out, or what is in it. */
function invokeChunk(given: unknown): Fields {
  const bytes = bytesOf(fields(fields(given)['chunk'])['bytes']);
  return bytes === undefined ? fields(given) : fields(parseJson(bytes.toString('utf8')));
}

/** Later figures over earlier ones: some models say the tokens of a prompt in the first chunk only. */
function mergeUsage(known: Fields | undefined, usage: unknown): Fields | undefined {
  const given = fields(copy(usage));
  const said = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return said.length === 0 ? known : { ...known, ...Object.fromEntries(said) };
}

/** Folds what the chunks hold, in the dialect that the first of them is in. */
class InvokeFolder implements ChunkFolder {
  #operation: Operation | undefined;
  #assembler: Assembler | undefined;
  #usage: Fields | undefined;
  #metrics: unknown = undefined;
  #error: Fields | undefined;
  /** An answer that came whole, in a dialect that has no stream. */
  #whole: unknown = undefined;

  push(given: any): void {
    const chunk = invokeChunk(given);
    if (chunk[METRICS] !== undefined) this.#metrics = copy(chunk[METRICS]);
    const reading = readInvokeChunk(chunk);
    if (reading === undefined) {
      this.#error ??= chunkError(chunk);
      return;
    }
    if (this.#operation === undefined) {
      this.#operation = reading.operation;
      this.#assembler = reading.operation.assembler?.();
    }
    if (reading.operation !== this.#operation) return;
    if (this.#assembler) this.#assembler.push(reading.body);
    else this.#whole = copy(chunk);
    this.#usage = mergeUsage(this.#usage, fields(reading.body)['usage']);
  }

  body(): Fields {
    const body = { ...fields(this.#assembler ? this.#assembler.result().body : this.#whole) };
    // Messages and Converse keep figures in places of their own, and know how to put them together.
    if (this.#usage !== undefined && Array.isArray(body['choices'])) body['usage'] = this.#usage;
    if (this.#metrics !== undefined) body[METRICS] = this.#metrics;
    if (this.#error !== undefined) body['error'] = this.#error;
    return body;
  }

  /** The last chunk has Bedrock's own figures. */
  closed(): boolean {
    return this.#metrics !== undefined || this.#whole !== undefined || this.#assembler?.result().complete === true;
  }
}

function request(given: unknown): LlmRequest {
  const body = invokeRequest(given);
  const reading = readInvokeRequest(body);
  const { model, stream } = body;
  return { ...reading?.operation.request(reading.body), ...(present({ model, stream }) as LlmRequest) };
}

/** Figures of the body count more than Bedrock's own, which fill in what it does not say. */
export function withMetrics(usage: Usage | undefined, metrics: Usage | undefined): Usage | undefined {
  return usage === undefined || metrics === undefined ? (usage ?? metrics) : { ...metrics, ...usage };
}

function response(given: unknown): ResponseFacts {
  const body = invokeAnswer(given);
  const reading = readInvokeAnswer(body);
  const { response: said, usage: told, error: failed } = reading?.operation.response(reading.body) ?? { response: {} };
  const usage = withMetrics(told, metricsUsage(body[METRICS]));
  const error = failed ?? awsError(body);
  return { response: said, ...(usage && { usage }), ...(error && { error }) };
}

function define(operation: string): Operation {
  return defineOperation({
    operation,
    api: 'invoke_model',
    request,
    folder: () => new InvokeFolder(),
    response,
    input: (given) => {
      const body = invokeRequest(given);
      const reading = readInvokeRequest(body);
      if (reading) return reading.operation.input(reading.body);
      const { model: _, stream: __, ...rest } = body;
      const parts = Object.keys(rest).length > 0 ? genericPart(rest) : [];
      return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
    },
    output: (given) => {
      const reading = readInvokeAnswer(invokeAnswer(given));
      return reading?.operation.output(reading.body) ?? [];
    },
  });
}

/** `POST /model/{id}/invoke` and `/invoke-with-response-stream`, one for each kind of thing that a model can be asked for. */
export const invokeOperations: readonly Operation[] = ['chat', 'text_completion', 'embeddings', 'rerank', 'generate_content'].map(
  define,
);

/** Which of them a request asks for; what cannot be told is content that is generated. */
export function invokeOperation(request: Fields): Operation {
  const word = readInvokeRequest(request)?.operation.operation;
  return invokeOperations.find(({ operation }) => operation === word) ?? invokeOperations.at(-1)!;
}
