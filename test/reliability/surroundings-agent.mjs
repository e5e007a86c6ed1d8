// Finishes COUNT events in a place that is not as it should be, and prints what it made of them. BARE leaves hindcast out.
const { BARE, COUNT, ENDPOINT, JUMPS, LEAVE } = process.env;
const hindcast = BARE ? null : await import('hindcast');
hindcast?.init({ flushIntervalMs: 20, hostInfo: 'off', ...(ENDPOINT && { endpoint: ENDPOINT }) });
if (JUMPS) {
  // What a clock that is set by hand, or by a server far away, looks like to a program: forward a year, back two.
  const real = Date.now;
  let shift = 0;
  Date.now = () => real() + shift;
  globalThis.jump = (number) => (shift = [0, 31_536e6, -63_072e6][number % 3]);
}
let sum = 0;
const tool = (name, fn) => (hindcast === null ? fn : hindcast.recordTool(name, fn));
for (let number = 1; number <= Number(COUNT); number++) {
  globalThis.jump?.(number);
  sum += await tool(`e${process.pid}x${number}`, async (text) => text.length)('x'.repeat(100));
  if (number % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
console.log(sum);
if (!LEAVE && hindcast !== null && ENDPOINT) await hindcast.flush(10_000);
process.exitCode = 4;
