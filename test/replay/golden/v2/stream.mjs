// Streams that are read side by side, left early, aborted and cut off.
const post = (path, signal) =>
  fetch(process.env.MODEL_URL + path, { method: 'POST', body: '{"stream":true,"messages":[]}', ...(signal && { signal }) });

async function lengths(name) {
  const seen = [];
  for await (const piece of (await post('/text')).body) {
    seen.push(piece.length);
    process.stdout.write(`${name}${piece.length} `);
  }
  return seen.join();
}
const left = async () => {
  for await (const piece of (await post('/text')).body) return piece.length;
};
async function aborted() {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('no patience')), 4 + Math.random() * 8);
  try {
    return (await (await post('/text', controller.signal)).text()).length;
  } catch (error) {
    return error.message;
  } finally {
    clearTimeout(timer);
  }
}
const cut = () => post('/reset').then((response) => response.text().catch((error) => [error.name, error.message]));
const lines = async () => {
  const { body } = await post('/v1/chat/completions');
  let count = 0;
  for await (const text of body.pipeThrough(new TextDecoderStream())) count += text.split('\n').length - 1;
  return count;
};
const late = async () => (await post('/text', AbortSignal.timeout(3)).then((response) => response.text())).length;

const all = [lengths('a'), lengths('b'), left(), aborted(), aborted(), cut(), lines(), late()];
const outcomes = await Promise.allSettled(all);
console.log();
for (const { status, value, reason } of outcomes) console.log(status, value ?? `${reason?.name} ${reason?.message}`);
if (Math.random() < 0.5) void Promise.reject(new Error('nobody waits for this'));
