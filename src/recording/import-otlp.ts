/** Spans as sessions: those of one `session.id` are one session, and, where none is said, those of one trace. */
import { NAMES } from '../events/genai-names.ts';
import type { AgentFacts, AttributeValue, RunFacts, SessionState, SpanEvent } from '../events/model.ts';
import { importedHeader, type ImportedSession, sessionIdOf } from './import-session.ts';
import { eventOfSpan } from './import-spans.ts';
import type { OtlpSpan } from './otlp-json.ts';

const names = NAMES.main;
/** Under whom a session is said; the last one is the conventions' own word for it. */
const SESSION_NAMES = [names.sessionId, 'gen_ai.conversation.id'];

/** The sessions of spans. `sdk` is who writes them, as `name/version`. */
export function sessionsOfSpans(spans: readonly OtlpSpan[], sdk: string): ImportedSession[] {
  const groups = new Map<string, { id: string; spans: Map<string, OtlpSpan> }>();
  const only = onlySessions(spans);
  for (const span of spans) {
    const session = saidSession(span) ?? only.get(span.traceId);
    const key = session === undefined ? `trace ${span.traceId}` : `session ${session}`;
    const group = groups.get(key) ?? { id: sessionIdOf(session ?? `trace_${span.traceId}`), spans: new Map<string, OtlpSpan>() };
    groups.set(key, group);
    // Sent twice, it is one span.
    group.spans.set(`${span.traceId} ${span.spanId}`, span);
  }
  return [...groups.values()].map(({ id, spans: own }) => sessionOf(id, [...own.values()], sdk));
}

function saidSession({ attributes, resource }: OtlpSpan): string | undefined {
  for (const name of SESSION_NAMES) {
    const said = attributes.get(name) ?? resource.get(name);
    if (said !== undefined && said !== '') return String(said);
  }
  return undefined;
}

/** Traces in which one session is said, and no other: the spans there that say none are of it. */
function onlySessions(spans: readonly OtlpSpan[]): Map<string, string | undefined> {
  const only = new Map<string, string | undefined>();
  for (const span of spans) {
    const said = saidSession(span);
    if (said !== undefined) only.set(span.traceId, only.has(span.traceId) && only.get(span.traceId) !== said ? undefined : said);
  }
  return only;
}

function sessionOf(id: string, spans: OtlpSpan[], sdk: string): ImportedSession {
  const first = spans.reduce((a, b) => (b.startNs < a.startNs ? b : a));
  const epochUs = first.startNs / 1000n;
  const events = spans.map((span) => eventOfSpan(span, (ns) => Number(ns / 1000n - epochUs)));
  const agent = sessionAgent(events);
  inRuns(events);
  for (const event of events) if (event.agent && isSaidBy(agent, event.agent)) delete event.agent;
  const { resource } = first;
  const text = (value: AttributeValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
  const said = (name: string): string | undefined =>
    text(spans.find(({ attributes }) => attributes.has(name))?.attributes.get(name));
  const tags = spans.find(({ attributes }) => attributes.has(names.sessionTags))?.attributes.get(names.sessionTags);
  const facts = {
    name: said(names.sessionName),
    parent: said(names.sessionParent),
    service: serviceOf(text(resource.get(names.serviceName))),
    environment: text(resource.get(names.environment) ?? resource.get('deployment.environment')),
    node: text(resource.get(names.runtimeVersion)),
    platform: text(resource.get('os.type')),
    arch: text(resource.get('host.arch')),
  };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return {
    header: {
      ...importedHeader({ id, epoch: Number(epochUs), trace: first.traceId, sdk }, 'otlp'),
      ...known,
      ...(agent && { agent }),
      ...(Array.isArray(tags) && { tags: tags.map(String) }),
    },
    events: events.sort((a, b) => a.end - b.end),
    state: stateOf(events),
  };
}

/** The name that exporters give to a service without one says nothing. */
const serviceOf = (name: string | undefined): string | undefined => (name?.startsWith('unknown_service') ? undefined : name);

/** The agent of the session: what its events say of one, the first word counts. */
function sessionAgent(events: readonly SpanEvent[]): AgentFacts | undefined {
  const outermostFirst = [...events].sort((a, b) => a.start - b.start);
  const agent: AgentFacts = {};
  for (const { agent: said } of outermostFirst) {
    if (said?.id !== undefined) agent.id ??= said.id;
    if (said?.name !== undefined) agent.name ??= said.name;
    if (said?.version !== undefined) agent.version ??= said.version;
  }
  return Object.keys(agent).length > 0 ? agent : undefined;
}

function isSaidBy(session: AgentFacts | undefined, { id, name, version }: AgentFacts): boolean {
  const same = (a: string | undefined, b: string | undefined): boolean => b === undefined || a === b;
  return same(session?.id, id) && same(session?.name, name) && same(session?.version, version);
}

/** Says of each event which run it is in, and of a run that says nothing of itself how it went. */
function inRuns(events: SpanEvent[]): void {
  const byId = new Map(events.map((event) => [event.id, event]));
  const inside = new Map<string, SpanEvent[]>();
  for (const event of events) {
    const around = runsAround(event, byId);
    const [run] = around;
    if (run) event.runId ??= run.id;
    for (const { id } of around) inside.set(id, [...(inside.get(id) ?? []), event]);
  }
  for (const event of events) if (event.type === 'agent') event.run ??= derivedRun(event, inside.get(event.id) ?? []);
}

/** The runs around an event, the innermost first. */
function runsAround(event: SpanEvent, byId: ReadonlyMap<string, SpanEvent>): SpanEvent[] {
  const runs: SpanEvent[] = [];
  const seen = new Set([event]);
  for (let above = byId.get(event.parent ?? ''); above && !seen.has(above); above = byId.get(above.parent ?? '')) {
    seen.add(above);
    if (above.type === 'agent') runs.push(above);
  }
  return runs;
}

function derivedRun({ id, status }: SpanEvent, inside: readonly SpanEvent[]): RunFacts {
  const steps = inside.filter(({ type, runId }) => type === 'step' && runId === id);
  const retries = steps.filter(({ step }) => (step?.attempt ?? 1) > 1).length;
  const errors = inside.filter((event) => event.status === 'error').length;
  const well = errors > 0 || retries > 0 ? 'partial' : 'success';
  const ended = status === 'ok' ? well : status === 'error' ? 'failure' : 'indeterminate';
  return { status: ended, reason: status === 'error' ? 'exception' : 'ended', steps: steps.length, retries, errors };
}

/** As the outermost runs ended; without any, nobody said. */
function stateOf(events: readonly SpanEvent[]): SessionState {
  const runs = events.filter(({ run, runId }) => run !== undefined && runId === undefined);
  if (runs.length === 0) return 'indeterminate';
  if (runs.some(({ run }) => run?.status === 'failure')) return 'failure';
  return runs.every(({ run }) => run?.status === 'success' || run?.status === 'partial') ? 'success' : 'indeterminate';
}
