/** The one table of options. Types, environment variables, checks, `config show` and docs/configuration.md come from it. */
import type { ModelPrice } from '../analysis/prices.ts';
import type { FailureClassifier } from '../session/live-session.ts';
import type { EventProcessor, Exporter, Redactor } from './extension.ts';
import * as kinds from './parse.ts';
import type { Kind } from './parse.ts';

/** What `init()` takes. Everything is optional. */
export interface Options {
  enabled?: boolean;
  record?: 'auto' | 'full' | 'metadata' | 'off';
  replayable?: 'auto' | 'on' | 'off';
  dir?: string;
  endpoint?: string;
  headers?: Record<string, string>;
  captureContent?: boolean;
  agent?: { id?: string; name?: string; version?: string };
  environment?: string;
  service?: string;
  tags?: string[];
  session?: { id?: string; name?: string; parent?: string; traceparent?: string };
  autoStart?: boolean;
  autoEnd?: boolean;
  captureLogs?: 'off' | 'console' | 'all';
  hostInfo?: 'auto' | 'on' | 'off';
  semconv?: 'main' | '1.41';
  nativeSpans?: 'auto' | 'both' | 'native';
  propagateContext?: boolean;
  exitTimeoutMs?: number;
  exportTimeoutMs?: number;
  flushIntervalMs?: number;
  diskBudgetMb?: number;
  keepDays?: number;
  quiet?: boolean;
  logLevel?: 'off' | 'warn' | 'debug';
  logFile?: string;
  prices?: Record<string, ModelPrice>;
  instrument?: Record<string, unknown>;
  classifier?: FailureClassifier;
  exporter?: Exporter;
  processors?: EventProcessor[];
  redactor?: Redactor;
}

/** Options after defaults, file, environment and code were put together. */
export interface Values {
  enabled: boolean;
  record: 'auto' | 'full' | 'metadata' | 'off';
  replayable: 'auto' | 'on' | 'off';
  /** Absolute path of the `.hindcast` folder. */
  dir: string;
  /** The URL that spans are posted to. */
  endpoint?: string;
  headers: Record<string, string>;
  captureContent: boolean;
  agent: { id?: string; name?: string; version?: string };
  environment?: string;
  service?: string;
  tags: string[];
  session: { id?: string; name?: string; parent?: string; traceparent?: string };
  autoStart: boolean;
  autoEnd: boolean;
  captureLogs: 'off' | 'console' | 'all';
  hostInfo: 'auto' | 'on' | 'off';
  semconv: 'main' | '1.41';
  nativeSpans: 'auto' | 'both' | 'native';
  propagateContext: boolean;
  exitTimeoutMs: number;
  exportTimeoutMs: number;
  flushIntervalMs: number;
  diskBudgetMb: number;
  keepDays?: number;
  quiet: boolean;
  logLevel: 'off' | 'warn' | 'debug';
  /** Absolute path. */
  logFile?: string;
  prices?: Record<string, ModelPrice>;
  instrument: Record<string, unknown>;
  classifier?: FailureClassifier;
  exporter?: Exporter;
  processors: EventProcessor[];
  redactor?: Redactor;
}

/** An environment variable that sets an option; its own spelling where it is not that of `kind`. */
interface Variable {
  name: string;
  kind?: Kind<unknown>;
  /** Only when the option `with` was set by a variable whose name begins with `prefix`. */
  only?: { with: string; prefix: string };
}

export interface Option {
  /** Dotted: `agent.id` is member `id` of `agent`. */
  name: string;
  kind: Kind<unknown>;
  /** In order of precedence. */
  env: Variable[];
  default: unknown;
  /** The default in words, where the value does not say it. */
  defaultText?: string;
  text: string;
  /** Never shown. */
  secret?: true;
}

const OTEL_ENDPOINT = { with: 'endpoint', prefix: 'OTEL_' };
const HEADERS_OF_OTEL: Variable[] = [
  { name: 'OTEL_EXPORTER_OTLP_TRACES_HEADERS', only: OTEL_ENDPOINT },
  { name: 'OTEL_EXPORTER_OTLP_HEADERS', only: OTEL_ENDPOINT },
];

export const OPTIONS: readonly Option[] = [
  {
    name: 'enabled',
    kind: kinds.flag,
    env: [{ name: 'HINDCAST_ENABLED' }, { name: 'OTEL_SDK_DISABLED', kind: kinds.inverted }],
    default: true,
    text: 'False: `init()` does nothing at all. `OTEL_SDK_DISABLED=true` does the same.',
  },
  {
    name: 'record',
    kind: kinds.choice('auto', 'full', 'metadata', 'off'),
    env: [{ name: 'HINDCAST_RECORD' }],
    default: 'auto',
    text: 'What a recording holds: `full` everything that was said, `metadata` no content, `off` nothing is recorded or exported. `auto` is `metadata` when `NODE_ENV` is `production`, else `full`.',
  },
  {
    name: 'replayable',
    kind: kinds.choice('auto', 'on', 'off'),
    env: [{ name: 'HINDCAST_REPLAYABLE' }],
    default: 'auto',
    text: 'Whether `full` recordings hold what a replay needs: every `fetch`, clocks, randomness, timers, variables that the program reads. Follows every promise of the program, and so works only with `hindcast run` or `node --import hindcast/register`. `auto` is `on` under `hindcast run`, else `off`.',
  },
  {
    name: 'dir',
    kind: kinds.text('path', 4000),
    env: [{ name: 'HINDCAST_DIR' }],
    default: undefined,
    defaultText: 'the `.hindcast` folder of the project',
    text: 'Folder of the recordings. The project is found upwards from the working directory.',
  },
  {
    name: 'endpoint',
    kind: kinds.baseUrl,
    env: [
      { name: 'HINDCAST_ENDPOINT' },
      { name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', kind: kinds.wholeUrl },
      { name: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
    ],
    default: undefined,
    defaultText: 'none: nothing leaves the machine',
    text: 'OTLP/HTTP base URL that spans are sent to; `/v1/traces` is appended. `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is taken as it is.',
  },
  {
    name: 'headers',
    kind: kinds.headers,
    env: [{ name: 'HINDCAST_HEADERS' }, ...HEADERS_OF_OTEL],
    default: {},
    text: 'Headers of each export request. Those of `OTEL_*` variables are only sent to an endpoint that an `OTEL_*` variable named.',
    secret: true,
  },
  {
    name: 'captureContent',
    kind: kinds.flag,
    env: [
      { name: 'HINDCAST_CAPTURE_CONTENT' },
      { name: 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', kind: kinds.captureWord },
    ],
    default: false,
    text: 'Whether exported spans hold what was said. Needs a `full` recording.',
  },
  {
    name: 'agent.id',
    kind: kinds.text(),
    env: [{ name: 'HINDCAST_AGENT_ID' }],
    default: undefined,
    text: 'Id of the agent.',
  },
  {
    name: 'agent.name',
    kind: kinds.text(),
    env: [{ name: 'HINDCAST_AGENT_NAME' }],
    default: undefined,
    text: 'Name of the agent.',
  },
  {
    name: 'agent.version',
    kind: kinds.text(),
    env: [{ name: 'HINDCAST_AGENT_VERSION' }],
    default: undefined,
    text: 'Version of the agent.',
  },
  {
    name: 'environment',
    kind: kinds.text(),
    env: [{ name: 'HINDCAST_ENVIRONMENT' }, { name: 'NODE_ENV' }],
    default: undefined,
    text: 'Deployment environment.',
  },
  {
    name: 'service',
    kind: kinds.text(),
    env: [{ name: 'HINDCAST_SERVICE' }, { name: 'OTEL_SERVICE_NAME' }],
    default: undefined,
    text: 'Service name of the exported spans.',
  },
  {
    name: 'tags',
    kind: kinds.texts,
    env: [{ name: 'HINDCAST_TAGS' }],
    default: [],
    text: 'Tags of every session; in the environment with commas between them.',
  },
  {
    name: 'session.id',
    kind: kinds.text('session id', 128),
    env: [{ name: 'HINDCAST_SESSION_ID' }],
    default: undefined,
    defaultText: 'a new one',
    text: 'Id of the session that this process records when it starts none itself: letters, digits, `.`, `_`, `-`. Processes that are given the same one record one session.',
  },
  {
    name: 'session.name',
    kind: kinds.text(),
    env: [{ name: 'HINDCAST_SESSION_NAME' }],
    default: undefined,
    text: 'Name of that session.',
  },
  {
    name: 'session.parent',
    kind: kinds.text('session id', 128),
    env: [{ name: 'HINDCAST_PARENT_SESSION' }],
    default: undefined,
    text: 'Id of the session that the sessions of this process are part of. A process that was started by a recorded one is given it.',
  },
  {
    name: 'session.traceparent',
    kind: kinds.traceparent,
    env: [{ name: 'HINDCAST_TRACEPARENT' }, { name: 'TRACEPARENT' }],
    default: undefined,
    text: 'The span that this process was started in, as W3C `traceparent`: the parent of its outermost events. A process that was started by a recorded one is given it.',
  },
  {
    name: 'autoStart',
    kind: kinds.flag,
    env: [{ name: 'HINDCAST_AUTO_START' }],
    default: true,
    text: 'Whether what happens outside of every started session is recorded, in a session of its own. False: only what happens in a session that the program started.',
  },
  {
    name: 'autoEnd',
    kind: kinds.flag,
    env: [{ name: 'HINDCAST_AUTO_END' }],
    default: true,
    text: 'Whether the end of the process says how its open sessions ended. False: a session that the program did not end is `not_ended`.',
  },
  {
    name: 'captureLogs',
    kind: kinds.choice('off', 'console', 'all'),
    env: [{ name: 'HINDCAST_CAPTURE_LOGS' }],
    default: 'off',
    text: 'What of the output of the program a `full` recording holds: what `console` printed, `all` that went to stdout and stderr, or nothing. What the terminal gets stays as it is.',
  },
  {
    name: 'hostInfo',
    kind: kinds.choice('auto', 'on', 'off'),
    env: [{ name: 'HINDCAST_HOST_INFO' }],
    default: 'auto',
    text: 'Whether a recording says what it ran on: operating system, processor, memory, disk, packages, container, CI. Looked up once by a short process of its own and kept in the `.hindcast` folder. It holds paths and so needs a `full` recording; `auto` does without it in any other, `on` says that it does. It never leaves the machine.',
  },
  {
    name: 'semconv',
    kind: kinds.choice('main', '1.41'),
    env: [{ name: 'HINDCAST_SEMCONV' }],
    default: 'main',
    text: 'Version of the GenAI semantic conventions that exported spans follow.',
  },
  {
    name: 'nativeSpans',
    kind: kinds.choice('auto', 'both', 'native'),
    env: [{ name: 'HINDCAST_NATIVE_SPANS' }],
    default: 'auto',
    text: "What is exported of a call that the SDK's own telemetry made a span of in the app's own OpenTelemetry: `both` ours as well, `native` no span of ours. `auto` is `native` where both go to one backend (the endpoint came from an `OTEL_*` variable, or one names the same host), else `both`. Recorded it is in any case.",
  },
  {
    name: 'propagateContext',
    kind: kinds.flag,
    env: [{ name: 'HINDCAST_PROPAGATE_CONTEXT' }],
    default: true,
    text: 'Whether others are told where they are called from, so that what they record becomes part of the same tree: a request to an MCP server carries the ids of the event that it is made in (`_meta.traceparent`), and a child process is given session and event in its environment (`HINDCAST_PARENT_SESSION`, `HINDCAST_TRACEPARENT`), unless the program sets one of the two for it.',
  },
  {
    name: 'exitTimeoutMs',
    kind: kinds.milliseconds(0, 60_000),
    env: [{ name: 'HINDCAST_EXIT_TIMEOUT_MS' }],
    default: 1500,
    text: 'How long the end of the process may wait for the export. 0: not at all; what is left is sent at the next start.',
  },
  {
    name: 'exportTimeoutMs',
    kind: kinds.milliseconds(1, 600_000),
    env: [
      { name: 'HINDCAST_EXPORT_TIMEOUT_MS' },
      { name: 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT' },
      { name: 'OTEL_EXPORTER_OTLP_TIMEOUT' },
    ],
    default: 10_000,
    text: 'How long one export request may take.',
  },
  {
    name: 'flushIntervalMs',
    kind: kinds.milliseconds(10, 3_600_000),
    env: [{ name: 'HINDCAST_FLUSH_INTERVAL_MS' }],
    default: 1000,
    text: 'How long a finished event may wait for others before it is sent.',
  },
  {
    name: 'diskBudgetMb',
    kind: kinds.amount('megabytes', 1_000_000_000),
    env: [{ name: 'HINDCAST_DISK_BUDGET_MB' }],
    default: 2048,
    text: 'What the recordings of the folder may take together, in units of 1,048,576 bytes. Over it the oldest go, and where that is not enough, less is recorded: see "How much is kept". 0: no limit.',
  },
  {
    name: 'keepDays',
    kind: kinds.amount('days', 100_000),
    env: [{ name: 'HINDCAST_KEEP_DAYS' }],
    default: undefined,
    defaultText: 'none: by size alone',
    text: 'Recordings to which nothing was written for so many days are removed, once they are exported.',
  },
  {
    name: 'quiet',
    kind: kinds.flag,
    env: [{ name: 'HINDCAST_QUIET' }],
    default: false,
    text: 'Whether to leave out the line at the start and the statistics at the end.',
  },
  {
    name: 'logLevel',
    kind: kinds.choice('off', 'warn', 'debug'),
    env: [{ name: 'HINDCAST_LOG_LEVEL' }],
    default: 'warn',
    text: 'What else is said on stderr: nothing, problems, or problems with their stacks.',
  },
  {
    name: 'logFile',
    kind: kinds.text('path', 4000),
    env: [{ name: 'HINDCAST_LOG_FILE' }],
    default: undefined,
    text: 'File that everything said on stderr is appended to as well, with the time.',
  },
  {
    name: 'prices',
    kind: kinds.priceList,
    env: [{ name: 'HINDCAST_PRICES' }],
    default: undefined,
    defaultText: 'the built-in table',
    text: 'Prices that go before the built-in ones, of the standard tier: `model` or `provider/model`, each with `input`, `output`, `cacheRead`, `cacheWrite`, `cacheWriteHour` (kept for an hour) in US dollars per million tokens. In the environment as JSON.',
  },
  {
    name: 'instrument',
    kind: kinds.classes,
    env: [],
    default: {},
    text: 'Client classes by SDK name, for bundles in which the SDK is no module of its own: `{ openai: OpenAI, anthropic: Anthropic }`. Only in code.',
  },
  {
    name: 'classifier',
    kind: kinds.fn('(error, event) => ({ type, code })'),
    env: [],
    default: undefined,
    defaultText: 'by the codes of the error',
    text: 'What kind of failure an error is that ended an event: a function of the error and the event. What it does not know, it returns undefined for. Only in code.',
  },
  {
    name: 'exporter',
    kind: kinds.exporter,
    env: [],
    default: undefined,
    defaultText: 'OTLP over HTTP to `endpoint`',
    text: 'Takes finished events in place of OTLP over HTTP: an object with `export(batch)`. A batch counts as taken when `export` returns or its promise resolves; else it comes again, also after a restart. Only in code.',
  },
  {
    name: 'processors',
    kind: kinds.fns('(event, session) => event | null'),
    env: [],
    default: [],
    text: 'Functions that see each event on its way out, one after the other: what one returns is sent, null drops the event. The recording keeps it as it was. Only in code.',
  },
  {
    name: 'redactor',
    kind: kinds.fn('(text, place) => string'),
    env: [],
    default: undefined,
    text: 'A function that every text that was said goes through on its way out: messages, arguments, results, errors, attributes, tags. The recording keeps it as it was. Only in code.',
  },
];
