/** Calls that the SDK's own telemetry makes spans of, in the app's own OpenTelemetry: whether ours are sent as well. */
import type { Values } from './options.ts';

const VARIABLES = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/** Whether our span of a call that has a native one is left out: then each backend has one span a call. */
export function skipsNative(option: Values['nativeSpans'], endpoint: string, env: NodeJS.ProcessEnv): boolean {
  if (option !== 'auto') return option === 'native';
  const ours = hostOf(endpoint);
  return ours !== undefined && VARIABLES.some((name) => hostOf(env[name]) === ours);
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
}
