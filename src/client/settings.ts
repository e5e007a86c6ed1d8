/** What sessions take from the options. */
import { overridePrices } from '../analysis/prices.ts';
import { recordingsFolder } from '../recording/folder.ts';
import type { SessionSettings } from '../session/live-session.ts';
import { applyOrigin } from './child-context.ts';
import { guardsOf } from './extension.ts';
import type { Values } from './options.ts';
import { recordMode } from './resolve.ts';
import { SDK } from './version.ts';

/** Settings before any option was applied. */
export function newSettings(): SessionSettings {
  return { mode: 'metadata', dir: '', sdk: SDK, prices: overridePrices(undefined) };
}

/** Puts values into the settings of a client: sessions that begin later go by them. */
export function applyValues(settings: SessionSettings, values: Values): void {
  settings.mode = recordMode(values, process.env) === 'full' ? 'full' : 'metadata';
  settings.dir = recordingsFolder(values.dir);
  settings.prices = overridePrices(values.prices);
  settings.tags = values.tags;
  settings.classify = values.classifier;
  settings.captureLogs = values.captureLogs;
  settings.guards = guardsOf(values);
  applyOrigin(settings, values);
  for (const name of ['environment', 'service'] as const) {
    if (values[name] === undefined) delete settings[name];
    else settings[name] = values[name];
  }
  if (Object.keys(values.agent).length === 0) delete settings.agent;
  else settings.agent = values.agent;
}

/** What was asked for and a recording without content cannot hold. */
export function unkept(values: Values, mode: SessionSettings['mode']): string[] {
  if (mode === 'full') return [];
  const needs = (option: string): string => `${option} needs a full recording: set HINDCAST_RECORD=full`;
  return [
    ...(values.captureLogs === 'off' ? [] : [needs('captureLogs')]),
    ...(values.hostInfo === 'on' ? [needs('hostInfo')] : []),
  ];
}
