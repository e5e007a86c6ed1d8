/**
 * The built-in secret patterns: what credentials look like, wherever they stand. The forms are those that the providers give out (2026); those without a form of their own are known by the name that
 * stands before them. No pattern may take more than linear time, and none may end or begin inside an escape of JSON: texts are looked at as they stand in a body.
 */
import { findAssigned, looksRandom } from './secret-assignments.ts';

/** One kind of secret. */
export interface SecretRule {
  kind: string;
  /** What each one begins with; the pattern, sticky, is tried only where one of these stands at the beginning of a word. */
  leads?: readonly string[];
  /** Without one of these in the text, the pattern is not tried. */
  hints?: readonly string[];
  /** Its group 1, where it has one, is the secret; else all of it. Flags `dy` with `leads`, `dg` without. */
  pattern: RegExp;
  check?: (secret: string) => boolean;
}

/** A secret in a text, from `start` to `end` in UTF-16 units. */
export interface FoundSecret {
  kind: string;
  start: number;
  end: number;
}

const random = (secret: string): boolean => looksRandom(secret, 16);
const mixed = (secret: string): boolean => /[a-z]/.test(secret) && /[A-Z]/.test(secret) && /\d/.test(secret);

/** Where a form is fixed, what goes on behind it is something else. */
const lead = (kind: string, leads: string[], pattern: RegExp, check: SecretRule['check'] = random): SecretRule => ({
  ...{ kind, leads, pattern, check },
});

/** In order of precedence: of two that overlap, the one further up stays. */
export const SECRET_RULES: readonly SecretRule[] = [
  {
    kind: 'private-key',
    leads: ['-----BEGIN '],
    pattern:
      /-----BEGIN (?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[\w+/=\s\\:,.]|-(?!----)){16,}(?:-----END (?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?/dy,
  },
  lead('anthropic-key', ['sk-ant-'], /sk-ant-[a-z]{2,8}\d\d-[\w-]{20,}/dy),
  lead('openrouter-key', ['sk-or-v1-'], /sk-or-v1-[0-9a-f]{40,}/dy),
  lead('langfuse-key', ['sk-lf-'], /sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/dy),
  lead('openai-key', ['sk-'], /sk-(?:(?:proj|svcacct|admin|None)-[\w-]{20,}|[A-Za-z0-9]{32,}(?![\w-]))/dy),
  lead('google-key', ['AIza', 'AQ.Ab'], /AIza[\w-]{35}(?![\w-])|AQ\.Ab[\w-]{30,}/dy),
  lead('google-oauth', ['GOCSPX-', 'ya29.', '1//0'], /GOCSPX-[\w-]{20,}|ya29\.[\w-]{20,}|1\/\/0[\w-]{40,}/dy),
  lead('groq-key', ['gsk_'], /gsk_[A-Za-z0-9]{40,}/dy),
  lead('xai-key', ['xai-'], /xai-[A-Za-z0-9]{40,}/dy),
  lead('perplexity-key', ['pplx-'], /pplx-[A-Za-z0-9]{40,}/dy),
  lead('together-key', ['tgp_v1_'], /tgp_v1_[\w-]{30,}/dy),
  lead('fireworks-key', ['fw_'], /fw_[A-Za-z0-9]{20,}(?![\w-])/dy),
  lead('replicate-key', ['r8_'], /r8_[A-Za-z0-9]{30,}/dy),
  lead('huggingface-key', ['hf_', 'api_org_'], /(?:hf|api_org)_[A-Za-z0-9]{30,}(?![\w-])/dy),
  lead('cerebras-key', ['csk-'], /csk-[a-z0-9]{40,}/dy),
  lead('nvidia-key', ['nvapi-'], /nvapi-[\w-]{50,}/dy),
  lead('langsmith-key', ['lsv2_'], /lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}/dy),
  lead('pinecone-key', ['pcsk_'], /pcsk_[A-Za-z0-9_]{40,}/dy),
  lead('tavily-key', ['tvly-'], /tvly-[A-Za-z0-9-]{20,}/dy),
  lead('bedrock-key', ['ABSK', 'bedrock-api-key-'], /(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/]{80,}={0,2}/dy),
  lead('aws-key-id', ['AKIA', 'ASIA'], /A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9_])/dy, (id) => !id.endsWith('EXAMPLE')),
  lead('github-token', ['ghp_', 'gho_', 'ghs_', 'ghu_', 'ghr_'], /gh[posur]_[A-Za-z0-9]{36,}/dy),
  lead('github-token', ['github_pat_'], /github_pat_[A-Za-z0-9]{20,}_[A-Za-z0-9]{40,}/dy),
  lead('gitlab-token', ['glpat-', 'gldt-', 'glrt-', 'glptt-'], /gl(?:pat|dt|rt|ptt)-[\w.-]{18,}[\w-]/dy),
  lead('slack-token', ['xox', 'xapp-'], /(?:xox[abeoprs](?:\.xox[bp])?|xapp)-[\w-]{20,}/dy),
  lead('slack-webhook', ['hooks.slack.com/'], /hooks\.slack\.com\/(?:services|workflows|triggers)\/([\w/]{20,})/dy),
  lead('discord-webhook', ['discord.com/api/webhooks/'], /discord\.com\/api\/webhooks\/(\d{15,22}\/[\w-]{50,})/dy),
  lead('stripe-key', ['sk_', 'rk_', 'whsec_'], /(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}={0,2})/dy),
  lead('npm-token', ['npm_'], /npm_[A-Za-z0-9]{36,}(?![\w-])/dy),
  lead('pypi-token', ['pypi-AgE'], /pypi-AgE[\w-]{50,}/dy),
  lead('sendgrid-key', ['SG.'], /SG\.[\w-]{20,24}\.[\w-]{39,50}/dy),
  lead('twilio-key', ['SK'], /SK[0-9a-f]{32}(?![A-Za-z0-9_])/dy),
  lead('digitalocean-token', ['dop_v1_', 'doo_v1_'], /do[op]_v1_[0-9a-f]{64}/dy),
  lead('databricks-token', ['dapi'], /dapi[0-9a-f]{32}(?:-\d)?(?![A-Za-z0-9_])/dy),
  lead('shopify-token', ['shpat_', 'shpca_', 'shpss_'], /shp(?:at|ca|ss)_[0-9a-f]{32}/dy),
  lead('linear-key', ['lin_api_'], /lin_api_[A-Za-z0-9]{40}/dy),
  lead('notion-key', ['ntn_'], /ntn_[A-Za-z0-9]{40,}/dy),
  lead('jwt', ['eyJ'], /eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/dy, isJwt),
  {
    kind: 'telegram-token',
    hints: [':AA'],
    pattern: free('\\w:-', '\\d{8,10}:AA[\\w-]{33}(?![\\w-])'),
    check: random,
  },
  {
    kind: 'discord-token',
    hints: ['.'],
    pattern: free('\\w./+-', '[MNO][\\w-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,40}(?![\\w-])'),
    check: (secret) => /^\d{15,}$/.test(decode(secret.split('.')[0] ?? '')),
  },
  { kind: 'azure-key', hints: ['JQQJ9'], pattern: free('A-Za-z0-9', '[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{27}(?![A-Za-z0-9])') },
  { kind: 'azure-secret', hints: ['Q~'], pattern: free('\\w.~-', '[\\w.~-]{3}\\dQ~[\\w.~-]{31,34}(?![\\w.~-])'), check: random },
  {
    kind: 'signed-url',
    hints: ['sig=', 'ignature=', 'ecurity-'],
    pattern: /[?&](?:sig|X-(?:Amz|Goog)-(?:Signature|Security-Token)|Signature)=([\w%+/-]{20,}={0,2})/dg,
  },
  // Behind the scheme, so that the host stays to be read.
  lead('connection-password', ['://', ':\\/\\/'], /:\\?\/\\?\/[^\s:@/"'`<>\\?#]{0,128}:([^\s@"'`<>\\/]{1,256})@/dy, isPassword),
  lead('bearer', ['Bearer ', 'bearer ', 'BEARER '], /bearer {1,4}([\w.~+/-]{16,}={0,2})/diy),
  lead('basic', ['Basic ', 'basic ', 'BASIC '], /basic {1,4}([A-Za-z0-9+/]{6,}={0,2})/diy, (pair) =>
    /^[\x20-\x7e]+:[\x20-\x7e]+$/.test(decode(pair)),
  ),
  { kind: 'mistral-key', hints: ['istral', 'ISTRAL'], pattern: near('mistral', '[A-Za-z0-9]{32}'), check: mixed },
  { kind: 'cohere-key', hints: ['ohere', 'OHERE'], pattern: near('cohere', '[A-Za-z0-9]{40}'), check: mixed },
  { kind: 'together-key', hints: ['ogether', 'OGETHER'], pattern: near('together[^\\n"]{0,24}?key', '[0-9a-f]{64}') },
  { kind: 'azure-key', hints: ['zure', 'ZURE', 'cp-'], pattern: near('(?:azure|ocp-apim)[^\\n"]{0,24}?key', '[0-9a-f]{32}') },
  { kind: 'aws-secret-key', hints: ['ecret', 'ECRET'], pattern: near('secret', '[A-Za-z0-9/+]{40}'), check: mixed },
];

/** On request only: an address is no secret, and an agent may work with it. */
export const EMAIL_RULE: SecretRule = {
  kind: 'email',
  hints: ['@'],
  pattern: /(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])/dg,
};

/** The names of all kinds that `findSecrets` knows. */
export const SECRET_KINDS: readonly string[] = [
  ...new Set([...SECRET_RULES.map(({ kind }) => kind), 'password', 'assigned-secret']),
];

/** All secrets in a text, in its order; no two overlap. What stands in the place of one already is none. */
export function findSecrets(text: string, more: readonly SecretRule[] = []): FoundSecret[] {
  const found: FoundSecret[] = [];
  const byRule = new Map<SecretRule, FoundSecret[]>();
  matchLeads(text, byRule);
  for (const rule of [...SECRET_RULES, ...more]) {
    if (!rule.leads && rule.hints?.some((hint) => text.includes(hint))) matchAll(text, rule, found);
    found.push(...(byRule.get(rule) ?? []));
  }
  found.push(...findAssigned(text));
  return withoutOverlaps(found);
}

/** Those that stay, in the order of the text; of two that overlap, the one that stands first in the list. */
export function withoutOverlaps<T extends { start: number; end: number }>(found: readonly T[]): T[] {
  const ranked = found.map((one, rank) => ({ one, rank })).sort((a, b) => a.one.start - b.one.start || a.rank - b.rank);
  const kept: typeof ranked = [];
  for (const next of ranked) {
    const last = kept.at(-1);
    if (last === undefined || last.one.end <= next.one.start) kept.push(next);
    else if (next.rank < last.rank) kept.splice(-1, 1, next);
  }
  return kept.map(({ one }) => one);
}

/** Every lead of every rule in one go: a search for each would cost as many. */
const LEADS = new RegExp(
  SECRET_RULES.flatMap(({ leads }) => leads ?? [])
    .map((word) => word.replace(/[.\\/]/g, '\\$&'))
    .join('|'),
  'g',
);

function matchLeads(text: string, byRule: Map<SecretRule, FoundSecret[]>): void {
  /** No rule is tried again inside of what it found, or a text of nothing but beginnings would cost its square. */
  const done = new Map<SecretRule, number>();
  LEADS.lastIndex = 0;
  for (let at = LEADS.exec(text)?.index; at !== undefined; at = LEADS.exec(text)?.index) {
    LEADS.lastIndex = at + 1;
    if (!beginsWord(text, at)) continue;
    for (const rule of SECRET_RULES) {
      if (!rule.leads || (done.get(rule) ?? 0) > at || !rule.leads.some((word) => text.startsWith(word, at))) continue;
      rule.pattern.lastIndex = at;
      const match = rule.pattern.exec(text);
      if (!match) continue;
      const found = byRule.get(rule) ?? [];
      byRule.set(rule, found);
      take(rule.kind, match, rule.check, found);
      done.set(rule, at + match[0].length);
    }
  }
}

function matchAll(text: string, { kind, pattern, check }: SecretRule, found: FoundSecret[]): void {
  for (const match of text.matchAll(pattern)) take(kind, match, check, found);
}

function take(kind: string, match: RegExpExecArray, check: SecretRule['check'], found: FoundSecret[]): void {
  const [start, end] = match.indices?.[1] ?? match.indices?.[0] ?? [0, 0];
  if (end > start && (check === undefined || check(match[1] ?? match[0]))) found.push({ kind, start, end });
}

/** Behind a letter or a digit there is none, unless that is the end of an escape: `\n`, `\u003c`, `%3D`. */
function beginsWord(text: string, at: number): boolean {
  const first = text[at]!;
  if (!/\w/.test(first) || at === 0 || !/[\w-]/.test(text[at - 1]!)) return true;
  return /\\[nrtbf]$|\\u[0-9a-fA-F]{4}$|%[0-9A-Fa-f]{2}$/.test(text.slice(Math.max(0, at - 6), at));
}

/** A form that begins at once behind an escape, or behind none of `chars`. */
function free(chars: string, form: string): RegExp {
  return new RegExp(`(?:(?<![${chars}])|(?<=\\\\(?:[nrtbf]|u[0-9a-fA-F]{4})|%[0-9A-Fa-f]{2}))${form}`, 'dg');
}

/** A key without a form, at most a few words behind the name of whose it is. */
function near(name: string, form: string): RegExp {
  return new RegExp(`${name}[^\\n\\\\]{0,40}?(?<![\\w/+-])(${form})(?![\\w/+-])`, 'dgi');
}

function isPassword(value: string): boolean {
  return !/^(?:<|\$|%|\{|\[|\*+$|x{3,}$|\.{3}|pass(?:word|wd)?$|pwd$|secret$|your|token$)/i.test(value);
}

function isJwt(token: string): boolean {
  try {
    const header: unknown = JSON.parse(decode(token.split('.')[0] ?? ''));
    return typeof header === 'object' && header !== null && 'alg' in header;
  } catch {
    return false;
  }
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');
