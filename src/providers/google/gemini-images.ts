/** Images that Imagen makes, edits or enlarges. */
import type { MessagePart, OutputMessage } from '../../events/content.ts';
import { finishReason } from '../../events/content.ts';
import type { LlmRequest } from '../../events/model.ts';
import type { InputContent, ResponseFacts } from '../contract.ts';
import { count, fields, items, number, present, text, type Fields } from '../fields.ts';
import { geminiError, geminiModel } from './gemini-facts.ts';
import { responseFacts } from '../openai/openai-facts.ts';
import { defineOperation } from '../operation.ts';
import { blobPart, textPart, urlPart } from '../parts.ts';

function request(given: unknown): LlmRequest {
  const body = fields(given);
  const config = fields(body['config'] ?? body['parameters']);
  const images = count(config['numberOfImages'] ?? config['sampleCount']);
  return present({
    model: geminiModel(body['model']),
    seed: number(config['seed']),
    choiceCount: images === 1 ? undefined : images,
    outputType: 'image',
  });
}

/** The images of an answer, as the SDK has them or as the wire has. One that a filter held back is there without its bytes. */
function imagesOf(body: Fields): Fields[] {
  return items(body['generatedImages'] ?? body['predictions'])
    .map(fields)
    .filter(({ safetyAttributes }) => fields(safetyAttributes)['contentType'] !== 'Positive Prompt');
}

const isHeldBack = (image: Fields): boolean => text(image['raiFilteredReason']) !== undefined;

function response(given: unknown): ResponseFacts {
  const images = imagesOf(fields(given));
  const reasons = images.map((image) => (isHeldBack(image) ? 'SAFETY' : 'STOP'));
  return responseFacts(reasons.length === 0 ? {} : { finishReasons: reasons }, undefined, geminiError(given));
}

function imageParts(image: Fields): MessagePart[] {
  const inner = fields(image['image']);
  const type = text(inner['mimeType'] ?? image['mimeType']) ?? 'image/png';
  return [
    ...textPart(image['enhancedPrompt'] ?? image['prompt']),
    ...blobPart('image', inner['imageBytes'] ?? image['bytesBase64Encoded'], type),
    ...urlPart('image', inner['gcsUri'] ?? image['gcsUri']),
  ];
}

/** The prompt, and the image that is to be edited or enlarged. */
function input(given: unknown): InputContent {
  const body = fields(given);
  const instance = fields(items(body['instances'])[0] ?? body);
  const image = fields(instance['image']);
  const parts = [
    ...textPart(instance['prompt']),
    ...blobPart('image', image['imageBytes'] ?? image['bytesBase64Encoded'], image['mimeType']),
    ...urlPart('image', image['gcsUri']),
  ];
  return parts.length > 0 ? { input: [{ role: 'user', parts }] } : {};
}

/** One message an image. */
function output(given: unknown): OutputMessage[] {
  return imagesOf(fields(given)).map((image) => ({
    role: 'assistant',
    parts: imageParts(image),
    finish_reason: finishReason(isHeldBack(image) ? 'SAFETY' : 'STOP'),
  }));
}

/** `POST {model}:predict` of a model that makes images. */
export const geminiImages = defineOperation({
  operation: 'generate_content',
  api: 'gemini_images',
  request,
  response,
  input,
  output,
});
