/** Servers that the recorded program had itself: in a replay they listen on no port. */
import type { Source } from './source.ts';

/** Names of this machine in a URL. */
const HERE = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0']);

/** Whether a URL is one of a server of the program's own. */
export function ownServers({ channels, steps }: Pick<Source, 'channels' | 'steps'>): (url: string) => boolean {
  const servers = channels.filter(({ line }) => line.kind === 'server');
  const keys = new Set(servers.map(({ key }) => key));
  // An address is known at once, or when it listens.
  const addresses = [
    ...servers.flatMap(({ given }) => given.filter(({ event }) => event === 'bound')),
    ...steps.flatMap((step) =>
      step.kind === 'came' && keys.has(step.of) && step.arrival.event === 'listening' ? [step.arrival] : [],
    ),
  ].map(({ data }) => data);
  const ports = new Set(addresses.map((address) => (address as { port?: number } | null)?.port));
  return (url) => {
    const { hostname, port, protocol } = URL.parse(url) ?? {};
    if (hostname === undefined || !HERE.has(hostname)) return false;
    return ports.has(port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));
  };
}
