/** Folds the events of a conversation's stream to the answer that a plain call gives. Both spellings of a member are read: nothing is converted for a piece of text. */
import { asText, copy, fields, type Fields } from '../fields.ts';
import { eventData, eventError, wireForm } from './mistral-wire.ts';
import type { ChunkFolder } from '../operation.ts';

/** More entries and parts than any answer has; what a broken stream sends beyond is left out. */
const ENTRIES_MAX = 4096;
const PARTS_MAX = 4096;

interface Entry {
  index: number;
  body: Fields;
  /** What a message says; a text that grows is the last part. */
  parts: Fields[];
  /** The content index of the last part. */
  partIndex: number;
  text: string;
}

const HANDOFF = ['previous_agent_id', 'previous_agent_name', 'next_agent_id', 'next_agent_name'];

const indexOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** A message's content as a plain answer has it: a text, or parts where there is more. */
function contentOf({ parts, text }: Entry): unknown {
  if (parts.length === 0) return text;
  return text === '' ? parts : [...parts, { type: 'text', text }];
}

/** One stream of a conversation. */
export class ConversationFolder implements ChunkFolder {
  readonly #entries: Entry[] = [];
  #head: Fields = { object: 'conversation.response' };
  #closed = false;

  push(event: unknown): void {
    const data = eventData(event);
    switch (data?.type) {
      case 'message.output.delta':
        this.#addContent(data);
        return;
      case 'function.call.delta':
        this.#addCall(data, 'function.call');
        return;
      case 'tool.execution.started':
      case 'tool.execution.delta':
      case 'tool.execution.done':
        this.#addCall(data, 'tool.execution');
        return;
      case 'agent.handoff.started':
      case 'agent.handoff.done':
        this.#addHandoff(data);
        return;
      case 'conversation.response.started':
        this.#head['conversation_id'] = data.conversation_id ?? data.conversationId;
        return;
      case 'conversation.response.done':
        // In the form in which it came: what stands for nothing said differs.
        this.#head['usage'] = copy(data.usage);
        this.#closed = true;
        return;
      case 'conversation.response.error':
        this.#head['error'] = eventError(data);
        return;
    }
  }

  #entryFor(data: any, type: string): Entry | undefined {
    const index = indexOf(data.output_index ?? data.outputIndex);
    const { id } = data;
    const known = this.#entries.findLast((entry) => entry.index === index && entry.body['id'] === id);
    if (known !== undefined || this.#entries.length === ENTRIES_MAX) return known;
    const entry: Entry = { index, body: { type, id }, parts: [], partIndex: 0, text: '' };
    this.#entries.push(entry);
    return entry;
  }

  #addContent(data: any): void {
    const entry = this.#entryFor(data, 'message.output');
    if (entry === undefined) return;
    if (typeof data.model === 'string') entry.body['model'] = data.model;
    const { content } = data;
    const partIndex = indexOf(data.content_index ?? data.contentIndex);
    if (partIndex !== entry.partIndex) this.#closeText(entry);
    entry.partIndex = partIndex;
    if (typeof content === 'string') entry.text += content;
    else if (content?.type === 'text' && typeof content.text === 'string') entry.text += content.text;
    else if (content?.type === 'thinking') this.#addThought(entry, content);
    else {
      this.#closeText(entry);
      this.#addPart(entry, fields(wireForm(content)));
    }
  }

  #closeText(entry: Entry): void {
    if (entry.text === '') return;
    this.#addPart(entry, { type: 'text', text: entry.text });
    entry.text = '';
  }

  #addPart(entry: Entry, part: Fields): void {
    if (entry.parts.length < PARTS_MAX) entry.parts.push(part);
  }

  /** Thoughts come in pieces, each in a list of its own. */
  #addThought(entry: Entry, content: any): void {
    this.#closeText(entry);
    const said = Array.isArray(content.thinking) ? content.thinking.map((piece: any) => asText(piece?.text)).join('') : '';
    const last = entry.parts.at(-1);
    const pieces = last?.['type'] === 'thinking' ? (last['thinking'] as [Fields]) : undefined;
    if (pieces === undefined) this.#addPart(entry, { type: 'thinking', thinking: [{ type: 'text', text: said }] });
    else pieces[0]['text'] = `${pieces[0]['text'] as string}${said}`;
  }

  #addCall(data: any, type: string): void {
    const entry = this.#entryFor(data, type);
    if (entry === undefined) return;
    const { body } = entry;
    if (typeof data.name === 'string') body['name'] = data.name;
    if (typeof data.model === 'string') body['model'] = data.model;
    const callId: unknown = data.tool_call_id ?? data.toolCallId;
    if (callId !== undefined) body['tool_call_id'] = callId;
    if (data.info !== undefined) body['info'] = copy(data.info);
    entry.text += asText(data.arguments);
  }

  #addHandoff(data: any): void {
    const entry = this.#entryFor(data, 'agent.handoff');
    if (entry === undefined) return;
    const said = fields(wireForm(data));
    for (const member of HANDOFF) if (said[member] !== undefined) entry.body[member] = said[member];
  }

  body(): Fields {
    const outputs = this.#entries
      .toSorted((a, b) => a.index - b.index)
      .map((entry): Fields => {
        const { type } = entry.body;
        if (type === 'message.output') return { ...entry.body, role: 'assistant', content: contentOf(entry) };
        return type === 'agent.handoff' ? entry.body : { ...entry.body, arguments: entry.text };
      });
    return { ...this.#head, outputs };
  }

  closed(): boolean {
    return this.#closed;
  }
}
