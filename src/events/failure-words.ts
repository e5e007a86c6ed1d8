/** What the codes and class names of errors mean, whoever throws them: the SDKs of the providers, the frameworks, AWS, Node's own network code. */

/** What went wrong, before it is known in what. `output`: a model made what cannot be used. `unreadable`: an answer is no JSON; `mismatch`: it, or what was asked, is not of its schema. */
export type Symptom =
  | 'context'
  | 'filter'
  | 'quota'
  | 'rate'
  | 'auth'
  | 'timeout'
  | 'aborted'
  | 'connection'
  | 'output'
  | 'unreadable'
  | 'mismatch'
  | 'retries'
  | 'limit'
  | 'state'
  | 'api';

/** Lower-case, without separators and without `error` at the end, so that `RateLimitError`, `rate_limit_error` and `RATE_LIMIT` are one. */
const WORDS: Record<Symptom, string> = {
  context:
    'contextlengthexceeded contextlength contextwindowexceeded modelcontextwindowexceeded contextoverflow exceedcontextsize ' +
    'stringabovemaxlength toomanyprompttokens toomanytokens prompttoolong inputtoolong maxcontextlengthexceeded tokenlimitexceeded',
  filter:
    'contentfilter contentfilterfinishreason contentpolicyviolation contentpolicy responsibleaipolicyviolation moderationblocked ' +
    'prohibitedcontent safety blocklist contentblocked guardrailintervened datainspectionfailed promptblocked imagesafety',
  quota:
    'insufficientquota quotaexceeded billing billinghardlimitreached billingnotactive servicequotaexceededexception insufficientcredits ' +
    'insufficientbalance paymentrequired creditlimitreached outofcredits',
  rate:
    'ratelimit ratelimitexceeded ratelimited ratelimitreached toomanyrequests toomanyrequestsexception throttlingexception throttledexception ' +
    'requestthrottled requestlimitexceeded slowdown resourceexhausted modelratelimit gatewayratelimit',
  auth:
    'authentication authenticationfailed invalidauthentication invalidapikey missingapikey apikeyinvalid apikeyserviceblocked permission ' +
    'permissiondenied unauthorized unauthenticated forbidden accessdenied accessdeniedexception unrecognizedclientexception expiredtoken ' +
    'expiredtokenexception invalidsignatureexception missingauthenticationtoken missingauthenticationtokenexception incompletesignature ' +
    'notauthorizedexception credentialsprovider accountdeactivated modelauthentication ailoadapikey gatewayauthentication ' +
    'invalidclient invalidgrant invalidtoken',
  timeout:
    'timeout timedout apitimeout apiconnectiontimeout connectiontimeout requesttimeout requesttimeoutexception gatewaytimeout connecttimeout headerstimeout ' +
    'bodytimeout coheretimeout modeltimeoutexception deadlineexceeded tooltimeout etimedout esockettimedout esocktimedout etime underrconnecttimeout ' +
    'underrheaderstimeout underrbodytimeout errhttp2pingtimeout',
  aborted: 'abort aborted aborterr apiuserabort requestaborted canceled cancelled errcanceled interrupted',
  connection:
    'connection apiconnection socket fetch econnrefused econnreset enotfound eaiagain eainoname epipe ehostunreach ehostdown enetunreach enetdown ' +
    'econnaborted eaddrnotavail eproto underrsocket underrclosed underrdestroyed underraborted errnetwork errsocketclosed ' +
    'errstreamprematureclose errhttp2stream errhttp2session errsslwrongversionnumber certhasexpired depthzeroselfsignedcert ' +
    'selfsignedcertinchain unabletoverifyleafsignature unabletogetissuercert unabletogetissuercertlocally connectionrefused connectionclosed ' +
    'failedtoopensocket incompletestream incompletebody',
  output:
    'toolusefailed jsonvalidatefailed outputparser outputparserexception outputparsingfailure structuredoutputparsing ' +
    'multiplestructuredoutputs modelbehavior lengthfinishreason ainoobjectgenerated ainocontentgenerated ainooutputgenerated aiinvalidresponsedata ' +
    'aiemptyresponsebody responsevalidation invalidmodeloutput malformedfunctioncall malformedresponse',
  unreadable: 'syntax aijsonparse jsonparse parse',
  mismatch:
    'zod zodreal aitypevalidation typevalidation vali validation schemavalidation sdkvalidation aiinvalidtoolinput aiinvalidtoolarguments ' +
    'invalidtoolinput toolinputparsing toolinputparsingexception errinvalidargtype invalidtoolresults',
  retries: 'airetry retry maxretries maxretriesexceeded maxretry errormaxstructuredoutputretries retriesexhausted',
  limit:
    'maxturnsexceeded errormaxturns errormaxbudgetusd graphrecursion graphrecursionlimit inputguardrailtripwiretriggered ' +
    'outputguardrailtripwiretriggered toolinputguardrailtripwiretriggered tooloutputguardrailtripwiretriggered toolcalllimitexceeded ' +
    'modelcalllimitexceeded modelcalllimitmiddleware',
  state: 'invalidupdate invalidconcurrentgraphupdate invalidstate illegalstate',
  api:
    'api overloaded overloadedexception server serviceunavailable unavailable internal internalserver internalserverexception modelexception ' +
    'modelerrorexception modelstreamerrorexception modelnotreadyexception serviceunavailableexception validationexception resourcenotfoundexception ' +
    'invalidrequest badrequest notfound modelnotfound conflict unprocessableentity provider invalidargument failedprecondition ' +
    'unexpectedclient gatewayinternalserver gatewaymodelnotfound gatewayinvalidrequest tool processing requesttoolarge',
};

/** Codes of JSON-RPC, which the errors of MCP have. */
const RPC: Record<string, Symptom> = {
  '-32700': 'unreadable',
  '-32600': 'api',
  '-32601': 'api',
  '-32602': 'mismatch',
  '-32603': 'api',
  '-32000': 'connection',
  '-32001': 'timeout',
  '-32002': 'api',
};

let table: Map<string, Symptom> | undefined;

function made(): Map<string, Symptom> {
  const entries = Object.entries(WORDS) as [Symptom, string][];
  return new Map(entries.flatMap(([symptom, words]) => words.split(' ').map((word): [string, Symptom] => [word, symptom])));
}

const TLS = /^ERR_(TLS|SSL)_/;

/** What a class name or a code means; undefined for one that says nothing. */
export function symptomOf(word: string): Symptom | undefined {
  // Made by the first failure: most processes see none in the time that counts.
  table ??= made();
  const plain = word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .replace(/(?<=.)error$/, '');
  return table.get(plain) ?? RPC[word] ?? (TLS.test(word) ? 'connection' : undefined);
}

/** What only the message of an error says. Read to be matched, and kept nowhere. */
const SAID: readonly { symptom: Symptom; statuses: readonly (number | undefined)[]; said: RegExp }[] = [
  {
    symptom: 'context',
    statuses: [undefined, 400, 413, 422, 500],
    said: /maximum (context|prompt) length|context (length|window|size)|prompt is too long|input is too long|too many (input )?tokens|exceeds? (the )?context limit|exceeds the maximum number of (input )?tokens|messages is too long|too large for model with \d+|`?inputs`? tokens? \+ `?max_new_tokens/i,
  },
  {
    symptom: 'quota',
    statuses: [400, 402, 403, 429],
    said: /credit balance is too low|insufficient (credit|balance|fund)|exceeded your (monthly|spend)|spend(ing)? limit|out of credits/i,
  },
  {
    symptom: 'filter',
    statuses: [undefined, 400, 403, 422],
    said: /content (management|filtering|filter|safety) polic|content_filter|violat\w+ (our |the )?(usage|content) polic|rejected by (the|our) safety system|flagged (as|by|for)|blocked by (the )?(content|safety)/i,
  },
  {
    symptom: 'auth',
    statuses: [undefined, 400],
    said: /(incorrect|invalid|missing|no) api[ -]?key|api[ -]?key (is )?(not valid|invalid|missing|not found|expired)/i,
  },
];
const QUOTA_OF_OPENAI = /exceeded your current quota/i;

/** What the message of a model's error means, with an HTTP status that fits. */
export function symptomSaid(said: string, status: number | undefined, words: readonly string[]): Symptom | undefined {
  for (const { symptom, statuses, said: pattern } of SAID) if (statuses.includes(status) && pattern.test(said)) return symptom;
  // Google says the same of a limit per minute.
  if (status === 429 && QUOTA_OF_OPENAI.test(said) && !words.includes('RESOURCE_EXHAUSTED')) return 'quota';
  return undefined;
}
