/** Whether this runs in a container, and in which kind. */
import { existsSync, readFileSync } from 'node:fs';

/** Where it is looked for. */
export interface ContainerSigns {
  exists(path: string): boolean;
  /** The text of a file; empty when it cannot be read. */
  read(path: string): string;
  env: Readonly<Record<string, string | undefined>>;
}

const OF_THIS_MACHINE: ContainerSigns = {
  exists: existsSync,
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  },
  env: process.env,
};

/** In what the kernel says of the first process: control groups and mounts are named after who made them. */
const NAMED: readonly [RegExp, string][] = [
  [/kubepods/, 'kubernetes'],
  [/libpod|\/podman/, 'podman'],
  [/\/docker[/-]|\/docker$/m, 'docker'],
  [/\/lxc[/.]/, 'lxc'],
  [/containerd|\/crio-/, 'containerd'],
];

/** `kubernetes`, `docker`, `podman`, ...; undefined: nothing says that it is one. */
export function detectContainer({ exists, read, env }: ContainerSigns = OF_THIS_MACHINE): string | undefined {
  if ((env['KUBERNETES_SERVICE_HOST'] ?? '') !== '' || exists('/var/run/secrets/kubernetes.io')) return 'kubernetes';
  if (exists('/run/.containerenv')) return 'podman';
  if (exists('/.dockerenv')) return 'docker';
  const groups = read('/proc/1/cgroup');
  for (const [pattern, name] of NAMED) if (pattern.test(groups)) return name;
  // systemd's convention, which podman, lxc and systemd-nspawn keep.
  const said = env['container'] ?? read('/run/systemd/container').trim();
  return /^[a-z][a-z0-9_-]{0,31}$/.test(said) ? said : undefined;
}
