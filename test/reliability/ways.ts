/** S5 T7: each way out of a program, bare and with hindcast, with a backend that takes what it is sent, and with one that never answers. */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { type Ending, recordingsIn, type Way, WAYS, Ways } from '../scenarios/ways-out/ways.ts';
import { startReceiver } from '../support/otlp-receiver.ts';

export interface WayRow {
  way: string;
  /** Exit code or signal of the bare program. */
  bare: string;
  /** Whether stdout, exit code and signal are those of the bare program, without a backend, with one, and with one that hangs. */
  same: [alone: boolean, up: boolean, hanging: boolean];
  /** State and reason in the recording. */
  state: string;
  /** Of a program that ended by itself, whether its span had arrived when it had ended. */
  delivered: boolean;
  /** Milliseconds longer than the bare program. */
  longerMs: [alone: number, up: number, hanging: number];
}

/** Runs ways one after the other. */
export async function waysOut(wanted: readonly Way[] = WAYS): Promise<WayRow[]> {
  const ways = new Ways();
  await ways.open();
  const sockets = new Set<Socket>();
  const hanging = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const hangs = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  const rows: WayRow[] = [];
  try {
    for (const [way, kill] of wanted) {
      const bare = await ways.run(way, { kill });
      const cwd = ways.folder();
      const env = { WITH_HINDCAST: '1', HINDCAST_HOST_INFO: 'off' };
      const alone = await ways.run(way, { kill, cwd, env });
      const receiver = await startReceiver();
      const up = await ways.run(way, { kill, env: { ...env, HINDCAST_ENDPOINT: receiver.url } });
      const delivered = receiver.requests.some(({ spans }) => spans.some(({ name }) => name.startsWith('chat ')));
      await receiver.close();
      const hung = await ways.run(way, { kill, env: { ...env, HINDCAST_ENDPOINT: hangs } });
      const others: [Ending, Ending, Ending] = [alone, up, hung];
      rows.push({
        way: kill === undefined ? way : `${way} (${kill})`,
        bare: bare.signal ?? `exit ${bare.code}`,
        same: others.map((one) => isSame(bare, one)) as WayRow['same'],
        state: stateIn(cwd),
        delivered,
        longerMs: others.map((one) => Math.round(one.tookMs - bare.tookMs)) as WayRow['longerMs'],
      });
    }
  } finally {
    ways.close();
    hanging.close();
    for (const socket of sockets) socket.destroy();
  }
  return rows;
}

const isSame = (a: Ending, b: Ending): boolean => a.stdout === b.stdout && a.code === b.code && a.signal === b.signal;

function stateIn(cwd: string): string {
  const last = recordingsIn(cwd)[0]?.at(-1);
  return last?.k === 'end' ? `${last.state}, ${last.reason}` : 'crashed';
}
