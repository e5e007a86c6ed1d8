/** The items of an edited answer of the Responses API. */
import type { Edit } from '../answer-shape.ts';
import { editBlocks, type BlockKinds, type EditedBlock } from '../edited-blocks.ts';
import { argumentsText, argumentsValue, callId, madeId } from '../edited-parts.ts';
import { fields, items, present, text, type Fields } from '../fields.ts';
import { toolName } from './openai-facts.ts';

const ITEM_ID_LENGTH = 50;
const CALL_IDS = { prefix: 'call_', length: 24 };

/** Calls of tools that the app runs and the provider has defined, and the member with what is to be done. */
const OWN_CALLS: Readonly<Record<string, string>> = {
  computer_call: 'action',
  local_shell_call: 'action',
  apply_patch_call: 'operation',
};

function callOf(item: Fields): ReturnType<BlockKinds['callOf']> {
  const type = text(item['type']) ?? '';
  const id = present({ id: text(item['call_id']) ?? text(item['id']) });
  if (type === 'function_call' || type === 'custom_tool_call') {
    return { name: text(item['name']) ?? '', arguments: item['arguments'] ?? item['input'], ...id };
  }
  if (!Object.hasOwn(OWN_CALLS, type)) return undefined;
  return { name: type, arguments: item['action'] ?? item['actions'] ?? item['operation'], ...id };
}

const itemId = (edit: Edit, prefix: string, index: number): string =>
  madeId(edit.origin, { prefix, length: ITEM_ID_LENGTH }, 100 + index);

function kindsOf(edit: Edit): BlockKinds {
  const tools = items(edit.origin.request['tools']).map(fields);
  const custom = new Set(tools.filter(({ type }) => type === 'custom').map(toolName));
  return {
    isText: (item) => item['type'] === 'message',
    callOf,
    text: (content, before) => {
      const part = fields(items(before?.['content'])[0]);
      const logprobs = part['logprobs'] === undefined ? {} : { logprobs: [] };
      return {
        ...(before ?? { id: itemId(edit, 'msg_', 0), type: 'message', role: 'assistant', status: 'completed' }),
        content: [{ type: 'output_text', annotations: [], ...logprobs, text: content }],
      };
    },
    call: (call, index, before) => {
      const common = { status: 'completed', call_id: callId(edit, index, CALL_IDS) };
      const same = before?.['call_id'] === common.call_id ? present({ id: before['id'] }) : {};
      const { name } = call;
      const own = Object.hasOwn(OWN_CALLS, name) ? OWN_CALLS[name] : undefined;
      if (own !== undefined) {
        return { id: itemId(edit, 'cu_', index), ...same, type: name, ...common, [own]: argumentsValue(call.arguments) };
      }
      const said = argumentsText(call.arguments);
      if (custom.has(name))
        return { id: itemId(edit, 'ctc_', index), ...same, type: 'custom_tool_call', ...common, name, input: said };
      return { id: itemId(edit, 'fc_', index), ...same, type: 'function_call', ...common, name, arguments: said };
    },
  };
}

/** The items of the edited answer. */
export function editItems(recorded: readonly unknown[], edit: Edit): EditedBlock[] {
  return editBlocks(recorded.map(fields), edit, kindsOf(edit));
}

const COMPLETE = new Set(['stop', 'completed', 'tool_call', 'function_call']);

/** What an answer says of its end: the API has no word for a call that waits. */
function endMembers({ reason }: Edit): Fields {
  if (reason === undefined) return {};
  if (COMPLETE.has(reason)) return { status: 'completed', incomplete_details: null };
  return { status: 'incomplete', incomplete_details: { reason: reason === 'length' ? 'max_output_tokens' : reason } };
}

/** The answer with these items. */
export function withItems(body: Fields, output: readonly Fields[], edit: Edit): Fields {
  const outputText = typeof body['output_text'] === 'string' && edit.text !== undefined ? { output_text: edit.text } : {};
  return { ...body, ...endMembers(edit), output, ...outputText };
}
