/** `export`: each format, with and without what was said, and files that nobody else may read or lose. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvHead, csvRows } from '../../src/analysis/export-csv.ts';
import { exportedSession } from '../../src/analysis/export-session.ts';
import { htmlSession } from '../../src/cli/report-html.ts';
import { markdownSession } from '../../src/cli/report-markdown.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, writeAgent, WrittenRecording } from './written.ts';

const VALIDATOR = join(import.meta.dirname, '../../../shared/semconv/validate.mjs');
const FORMATS = ['json', 'csv', 'otlp', 'md', 'html'];

let folder: string;
let said: WrittenRecording;

/** In every place where a user, a model, a tool or the program may have said it. */
const CANARY = 'canary-4711';
const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(2)> [a](javascript:alert(3)) \`\`\` \u001b[31m ${CANARY}`;

beforeAll(() => {
  folder = newFolder();
  const dir = join(folder, '.hindcast');
  writeAgent(dir);
  said = new WrittenRecording(dir, 'ses_bbbb00000002', {
    ...{
      epoch: EPOCH_US + 60e6,
      tags: [CANARY],
      metadata: { [CANARY]: CANARY },
      links: [{ url: `https://x.example/${CANARY}` }],
    },
    ...{ argv: ['node', CANARY], cwd: `/srv/${CANARY}`, service: 'shop' },
  });
  said.add({ k: 'log', t: 1, stream: 'stdout', text: HOSTILE });
  said.event({
    ...{ id: idOf(5), type: 'tool', name: 'execute_tool look', start: 1000, end: 2000, status: 'error' },
    tool: { name: 'look' },
    error: { type: 'BadThing', code: `a sentence with ${CANARY}` },
    attributes: { plan: HOSTILE },
    notes: [{ kind: 'failure', at: 1500, type: 'tool', code: 'timeout', content: { message: HOSTILE } }],
    content: { error: { message: HOSTILE, stack: HOSTILE }, arguments: { q: HOSTILE }, result: `=cmd|${CANARY}` },
  });
  said.open(idOf(6), 3000, 'chat m');
  said.add({
    k: 'note',
    t: 3001,
    on: idOf(6),
    n: { kind: 'decision', at: 3001, type: 't', reasonCode: 'r', content: { selected: CANARY } },
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(['export', ...args], { cwd: folder });

describe('V1 export', () => {
  test.each(FORMATS)('%s: nothing that was said without --content, all of it with', async (format) => {
    const { stdout, stderr, code } = await run('ses_bbbb', '--format', format);
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).not.toContain(CANARY);
    expect(stdout).toContain('look');
    const full = await run('ses_bbbb', '--format', format, '--content');
    expect(full.stdout.split(CANARY).length).toBeGreaterThan(4);
  });
});

describe('L1 export', () => {
  test('json: versioned, sessions with totals and events, unfinished ones too', async () => {
    const all = JSON.parse((await run('--all')).stdout);
    expect(all).toMatchObject({ format: 'hindcast', version: 1, content: false });
    expect(all.sessions.map(({ session, status, totals }: any) => [session.id, status, totals.events])).toEqual([
      ['ses_bbbb00000002', 'crashed', 1],
      ['ses_aaaa00000001', 'ok', 3],
    ]);
    expect(all.sessions[0].events.map(({ id, status }: any) => [id, status])).toEqual([
      [idOf(5), 'error'],
      [idOf(6), 'unfinished'],
    ]);
    const full = JSON.parse((await run('ses_aaaa', '--content')).stdout);
    expect(full.sessions[0].events[1].messages.input).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'Where is it?' }] },
    ]);
    expect(Object.keys(all.sessions[1]).sort()).toEqual(['end', 'events', 'session', 'startedAt', 'status', 'totals']);
    expect(JSON.parse((await run()).stdout).sessions).toEqual([all.sessions[0]]);
    expect(JSON.parse((await run('--agent', 'support')).stdout).sessions).toEqual([all.sessions[1]]);
    expect(JSON.parse((await run('--agent', 'nobody')).stdout).sessions).toEqual([]);
  });

  test('csv: a row an event, and no formulas', async () => {
    const { stdout } = await run('--all', '--format', 'csv');
    const rows = stdout.trim().split('\n');
    expect(rows).toHaveLength(6);
    expect(rows[0]).toBe(csvHead(false).trim());
    const session = exportedSession(readRecording(said.path), () => ({}));
    expect(csvRows(session)).toContain(`,'=cmd|${CANARY},`);
    expect(csvHead(true).startsWith(csvHead(false).trim())).toBe(true);
    const columns = (line: string): number => line.split(',').length;
    expect(new Set(rows.map(columns)).size).toBe(1);
  });

  // The validator is not part of the project.
  test.skipIf(!existsSync(VALIDATOR)).each(['main', '1.41'])('T1 otlp: no violation in profile %s', async (profile) => {
    const { validate, loadSpec } = await import(pathToFileURL(VALIDATOR).href);
    for (const args of [[], ['--content']]) {
      const { stdout } = await run('--all', '--format', 'otlp', '--semconv', profile, ...args);
      const { findings, spans } = validate(JSON.parse(stdout), loadSpec(), { profile, noContent: args.length === 0 });
      expect(findings.filter(({ level }: any) => level === 'violation')).toEqual([]);
      expect(spans).toBe(5);
    }
  });

  test('md: the page of a session', async () => {
    const { stdout } = await run('ses_aaaa', '--format', 'md', '--content');
    expect(stdout).toMatchInlineSnapshot(`
      "# support 1.4.0

      - **session**: ses\\_aaaa00000001
      - **began**: 2026-03-01T12:00:00.000Z
      - **status**: ok
      - **totals**: 1 LLM call, 1 tool, 1 action, 1 error, 2 retries, 212 in / 18 out tokens, $0.0001, 1.5 s

      ## Events

      | # | event | at | took | tokens | cost | status |
      |--:|---|---|---|---|---|---|
      | 1 | answer\\_customer<br>decision tool\\_selection: tool\\_unavailable → refund \\(of 2, confidence 0.8\\) | \\+0.010 s | 1.39 s |  |  | ok |
      | 2 | ├─ chat gpt-4.1-mini<br>3 attempts: 503 429 200<br>asks for find\\_order | \\+0.012 s | 310 ms | 212→18 | $0.000114 | ok |
      | 3 | └─ execute\\_tool find\\_order<br>no answer | \\+0.330 s | 60.0 ms |  |  | CarrierTimeout |

      ## 2. chat gpt-4.1-mini

      **user**

      \`\`\`text
      Where is it?
      \`\`\`

      **answer of the assistant**

      \`\`\`text
      [tool_call] {"id":"call_1","name":"find_order","arguments":{"order":"1"}}
      \`\`\`

      ## 3. execute\\_tool find\\_order

      **arguments**

      \`\`\`text
      {
        "order": "1"
      }
      \`\`\`
      "
    `);
    const hostile = markdownSession(exportedSession(readRecording(said.path), () => ({})));
    const outside = hostile.replace(/^(`{3,})text\n[^]*?\n\1$/gm, '');
    expect(outside).not.toMatch(/<(?!br>)|[^\\]\]\(|\u001b/);
    expect(hostile).toMatch(/^````text$/m);
  });

  test('html: stands alone, runs nothing, escapes everything', async () => {
    const { stdout } = await run('ses_bbbb', '--format', 'html', '--content');
    const tags = new Set([...stdout.matchAll(/<([a-z0-9]+)/g)].map(([, tag]) => tag));
    for (const tag of ['script', 'img', 'iframe', 'link', 'a', 'object', 'form']) expect(tags.has(tag), tag).toBe(false);
    expect(stdout).not.toMatch(/<[^>]*\s(on\w+|src|href|style)\s*=/i);
    expect(stdout).toContain(`default-src &#39;none&#39;; style-src &#39;sha256-`);
    expect(stdout).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(stdout).not.toContain('\u001b');
    const page = htmlSession(exportedSession(readRecording(said.path)));
    expect(page.match(/<tr>/g)).toHaveLength(3);
  });

  test('a file is for its owner, whole, and never replaced unasked', async () => {
    const file = join(folder, 'out.json');
    const first = await run('ses_aaaa', '-o', file);
    expect(first).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('1 session, 3 events') });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(file, 'utf8');
    expect(bytes).toBe((await run('ses_aaaa')).stdout);
    expect(await run('ses_bbbb', '-o', file)).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    expect(readFileSync(file, 'utf8')).toBe(bytes);
    expect(await run('ses_zzzz', '-o', file, '--force')).toMatchObject({ code: 1 });
    expect(readFileSync(file, 'utf8')).toBe(bytes);
    const forced = await run('ses_bbbb', '-o', file, '--force', '--json');
    expect(JSON.parse(forced.stdout)).toMatchObject({ path: file, format: 'json', sessions: 1, events: 2 });
    expect(readFileSync(file, 'utf8')).not.toBe(bytes);
    writeFileSync(join(folder, 'theirs'), '');
    expect(await run('-o', join(folder, 'theirs'))).toMatchObject({ code: 1 });
    expect(readdirSync(folder).filter((name) => name.includes('.part-'))).toEqual([]);
  });

  test('asked for wrongly', async () => {
    for (const args of [
      ['--format', 'xml'],
      ['last', '--all'],
      ['last', '--tag', 'x'],
      ['--format', 'csv', '--json'],
      ['-o', folder],
    ])
      expect(await run(...args), args.join(' ')).toMatchObject({ code: 2, stdout: '' });
  });
});
