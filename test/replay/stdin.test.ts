/** Standard input and signals: given again where nobody types and nobody signals. */
import { describe, expect, it } from 'vitest';
import { recordProcess } from './processes.ts';
import type { Drive, RecordedProcess } from './processes.ts';

const ASK = `const ask = async () => (await (await fetch(process.env.MODEL_URL + '/weather')).json()).said;`;

async function expectSame(recorded: RecordedProcess): Promise<void> {
  const again = await recorded.replay();
  expect([again.stdout, again.code, again.summary]).toEqual([
    recorded.ran.stdout,
    recorded.ran.code,
    expect.stringMatching(/^✓/),
  ]);
  expect(again.summary).not.toMatch(/found by|code is not/);
}

/** Says each line when the program has printed as often as there were lines before. */
const talk =
  (...lines: string[]): Drive =>
  async ({ stdout, say, hangUp }) => {
    for (const [index, line] of lines.entries()) {
      await expect.poll(() => stdout().split('> ').length - 1, { timeout: 20_000 }).toBeGreaterThan(index);
      say(line);
    }
    hangUp();
  };

const READERS: Record<string, string> = {
  'readline, line by line': `
    import { createInterface } from 'node:readline/promises';
    const lines = createInterface({ input: process.stdin });
    process.stdout.write('> ');
    for await (const line of lines) { console.log(line, await ask(), Date.now()); if (line === 'three') break; process.stdout.write('> '); }
    lines.close();
    console.log('bye');`,
  'events, while other work goes on': `
    process.stdin.setEncoding('utf8');
    let ticks = 0;
    const interval = setInterval(() => { ticks++; }, 1);
    process.stdin.on('data', (text) => { console.log(JSON.stringify(text), ticks, Math.random()); ask().then((said) => process.stdout.write(said + '> ')); });
    process.stdin.on('end', () => { clearInterval(interval); console.log('end', ticks); });
    process.stdout.write('> ');`,
  'async iteration and a pipe': `
    import { Transform } from 'node:stream';
    import { pipeline } from 'node:stream/promises';
    process.stdout.write('> ');
    const upper = new Transform({ transform(piece, _encoding, done) { ask().then((said) => done(null, piece.toString().toUpperCase() + said + '> ')); } });
    await pipeline(process.stdin, upper, async function (pieces) { for await (const piece of pieces) process.stdout.write(piece); });
    console.log('done', process.stdin.isTTY, process.stdin.fd);`,
};

describe('R4 standard input', () => {
  it.each(Object.entries(READERS))('%s', async (_name, text) => {
    const recorded = await recordProcess(`${ASK}\n${text}`, talk('one\n', 'two\n', 'three\n'));
    expect(recorded.ran.stdout.split('> ').length).toBeGreaterThan(3);
    expect(recorded.asked).toBeGreaterThan(1);
    await expectSame(recorded);
  });

  it('is read at once', async () => {
    const recorded = await recordProcess(
      `import { readFileSync, readSync } from 'node:fs';
       console.log(readFileSync(0, 'utf8').length, readSync(0, Buffer.alloc(9)));
       ${ASK}
       console.log(await ask());`,
      async ({ say, hangUp }) => {
        say('all of it');
        hangUp();
      },
    );
    expect(recorded.ran.stdout).toMatch(/^9 0\n/);
    await expectSame(recorded);
  });

  it('nothing comes of one that is closed', async () => {
    const recorded = await recordProcess(
      `${ASK}
       process.stdin.on('end', async () => console.log('ended', await ask())).resume();
       console.log(await ask());`,
      async ({ hangUp }) => hangUp(),
    );
    expect(recorded.ran.stdout).toContain('ended');
    await expectSame(recorded);
  });
});

describe('R4 signals', () => {
  it('come at their place', async () => {
    const recorded = await recordProcess(
      `${ASK}
       let on = true;
       process.on('SIGUSR2', (...given) => console.log(...given, Math.random()));
       process.on('SIGINT', async () => { console.log('interrupted', await ask(), Date.now()); on = false; });
       process.stdout.write('ready');
       process.kill(process.pid, 'SIGUSR2');
       let turns = 0;
       while (on) { turns++; await new Promise((resolve) => setTimeout(resolve, 2)); }
       process.emit('SIGUSR2', 'said by the app');
       console.log('turns', turns);
       process.exit(4);`,
      async ({ child, stdout }) => {
        await expect.poll(() => stdout(), { timeout: 20_000 }).toMatch(/ready[\s\S]*SIGUSR2/);
        child.kill('SIGINT');
      },
    );
    expect([recorded.ran.code, recorded.ran.stdout]).toEqual([4, expect.stringContaining('interrupted')]);
    await expectSame(recorded);
  });

  it('end a program that does not listen, as they did', async () => {
    const recorded = await recordProcess(
      `${ASK}
       console.log(await ask());
       setInterval(() => console.log('tick', Math.random()), 5);`,
      async ({ child, stdout }) => {
        await expect.poll(() => stdout(), { timeout: 20_000 }).toContain('tick');
        child.kill('SIGTERM');
      },
    );
    expect(recorded.ran.signal).toBe('SIGTERM');
    const again = await recorded.replay();
    expect([again.stdout, again.code, again.summary]).toEqual([
      recorded.ran.stdout,
      143,
      expect.stringContaining('ended by SIGTERM as recorded'),
    ]);
  });

  it('a program that was killed is replayed as far as is known', async () => {
    const recorded = await recordProcess(
      `${ASK}
       console.log(await ask());
       console.log(await ask());
       setInterval(() => console.log('tick', Math.random()), 5);
       setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);`,
      async () => {},
    );
    expect(recorded.ran.signal).toBe('SIGKILL');
    expect(recorded.recordings()[0]?.state).toBe('crashed');
    const again = await recorded.replay();
    expect([again.stdout, again.code, again.summary]).toEqual([
      recorded.ran.stdout,
      0,
      expect.stringContaining('breaks off there'),
    ]);
  });
});
