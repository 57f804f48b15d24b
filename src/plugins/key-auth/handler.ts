import {
  type AccessContext,
  type AccessResult,
  type BodyState,
  establishIdentity,
  isAlreadyRecognised,
  type Lookup,
  letAnonymousIn,
  RequestArguments,
  unknownAnonymous,
} from '../../pdk/index.ts';
import { check } from './checks.ts';
import type { Facts } from './describe.ts';
import { identityOf, type KeyAuth } from './prepared.ts';

interface Found {
  readonly name: string;
  readonly place: string;
  /** Undefined when the key is given more than once. */
  readonly key: string | undefined;
}

/** The access phase: find a key, find who holds it. Waits only for a body that has to be looked into. */
export function access(context: AccessContext, prepared: KeyAuth): AccessResult | Promise<AccessResult> {
  const { config } = prepared;
  if (context.request.method === 'OPTIONS' && !config.run_on_preflight) return undefined;
  if (isAlreadyRecognised(context, config.anonymous)) return undefined;
  const args = new RequestArguments(context);
  const found = searchHead(context, prepared, args);
  const wantsBody = config.key_in_body && args.bodyMayHoldArguments && (found === undefined || config.hide_credentials);
  if (!wantsBody)
    return found === undefined
      ? deny(context, prepared, noKey(context, prepared))
      : judge(context, prepared, args, found);
  return args.loadBody().then((body) => {
    const key = found ?? searchBody(prepared, args);
    if (key !== undefined) return judge(context, prepared, args, key);
    return deny(context, prepared, unreadBody(body) ?? noKey(context, prepared));
  });
}

function searchHead(context: AccessContext, { config, names }: KeyAuth, args: RequestArguments): Found | undefined {
  const { headers } = context.request;
  for (const { name, lower } of names) {
    if (config.key_in_header) {
      const value = headers.get(lower);
      if (value !== undefined && value !== '') {
        return { name, place: `header ${name}`, key: headers.count(lower) > 1 ? undefined : utf8(value) };
      }
    }
    const found = config.key_in_query ? fromLookup(args.inQuery(name), name, 'query') : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function searchBody({ names }: KeyAuth, args: RequestArguments): Found | undefined {
  for (const { name } of names) {
    const found = fromLookup(args.inBody(name), name, 'body');
    if (found !== undefined) return found;
  }
  return undefined;
}

function fromLookup(lookup: Lookup, name: string, where: string): Found | undefined {
  if (lookup.kind === 'none') return undefined;
  const once = lookup.kind === 'one' && !lookup.repeated;
  return { name, place: `${where} ${name}`, key: once ? lookup.value : undefined };
}

/** Header values are bytes; a key that was stored with letters beyond ASCII is sent in UTF-8. */
function utf8(value: string): string {
  return /[\u0080-\u00ff]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value;
}

function judge(context: AccessContext, prepared: KeyAuth, args: RequestArguments, found: Found): AccessResult {
  const { decision } = context;
  decision.pass(check['key.present']);
  if (found.key === undefined) return deny(context, prepared, repeatedKey(found));
  decision.pass(check['key.unambiguous']);
  if (prepared.config.hide_credentials) hide(context, prepared, args, found.name);
  const holder = context.services.credentials.keyAuth(found.key);
  if (holder === undefined) return deny(context, prepared, unknownKey(found));
  decision.pass(check['key.known']);
  const { identity, headers, consumer } = identityOf(prepared, holder);
  establishIdentity(context, identity, headers);
  const facts: Facts = {
    place: found.place,
    consumer: consumer.username ?? consumer.id,
    anonymousBecause: '',
  };
  decision.allow(facts);
  return undefined;
}

/** Removes every copy of the key's name; other bytes of query and body stay as they are (security floor 11). */
function hide(context: AccessContext, { config }: KeyAuth, args: RequestArguments, name: string): void {
  const names = new Set([name]);
  context.edits.removeHeader(name);
  if (args.inQuery(name).kind !== 'none') args.hideFromQuery(names);
  if (config.key_in_body && args.inBody(name).kind !== 'none') args.hideFromBody(names);
}

interface Denial {
  readonly check: keyof typeof check;
  readonly status: number;
  /** What the client gets. */
  readonly message: string;
  readonly text: string;
  readonly seen: string;
  readonly expected: string;
  readonly hint: string;
}

function noKey(context: AccessContext, { places }: KeyAuth): Denial {
  const other = context.request.headers.get('authorization') === undefined ? 'none' : 'an Authorization header only';
  return {
    check: 'key.present',
    status: 401,
    message: 'No API key found in request',
    text: 'the request holds no key',
    seen: other,
    expected: places,
    hint: `The caller must send its key as ${places}.`,
  };
}

function repeatedKey({ place }: Found): Denial {
  return {
    check: 'key.unambiguous',
    status: 401,
    message: 'Duplicate API key found',
    text: 'the key is given more than once',
    seen: `${place} more than once`,
    expected: `${place} once`,
    hint: 'The caller must send its key once.',
  };
}

function unknownKey({ place }: Found): Denial {
  return {
    check: 'key.known',
    status: 401,
    message: 'Unauthorized',
    text: 'the key is not that of a consumer',
    seen: `an unknown key in ${place}`,
    expected: 'the key of a consumer',
    hint: 'The caller must send a key that is stored for a consumer and has not ended (POST /consumers/{consumer}/key-auth).',
  };
}

/** A body in which the key may be that cannot be read. */
function unreadBody(body: BodyState): Denial | undefined {
  const seen = {
    too_large: 'a body of more than 1 MiB',
    timeout: 'an incomplete body',
    aborted: 'an incomplete body',
    busy: 'too many request bodies at one time',
  } as const;
  if (!(body.kind in seen)) return undefined;
  const busy = body.kind === 'busy';
  return {
    check: 'key.present',
    status: busy ? 503 : 401,
    message: busy ? 'Service unavailable' : 'No API key found in request',
    text: 'the request body could not be searched for a key',
    seen: seen[body.kind as keyof typeof seen],
    expected: 'a complete body of at most 1 MiB',
    hint: 'The caller must send its key in a header, or a smaller body.',
  };
}

/** Refuses, or lets the anonymous consumer stand in where the caller is at fault. */
function deny(context: AccessContext, prepared: KeyAuth, denial: Denial): AccessResult {
  const { anonymous } = prepared.config;
  if (anonymous === null || denial.status !== 401) return refuse(context, prepared, denial);
  const consumer = letAnonymousIn(context, anonymous);
  if (consumer === undefined) {
    const message = 'An unexpected error occurred';
    return refuse(context, prepared, { check: 'consumer.anonymous', message, ...unknownAnonymous(anonymous) });
  }
  context.decision.pass(check['consumer.anonymous']);
  const facts: Facts = {
    place: denial.seen,
    consumer: consumer.username ?? consumer.id,
    anonymousBecause: `${denial.check}: ${denial.text}`,
  };
  context.decision.allow(facts);
  return undefined;
}

function refuse(context: AccessContext, { challenge }: KeyAuth, denial: Denial): AccessResult {
  const { check: name, message, ...failure } = denial;
  context.decision.refuse({ ...failure, check: check[name] }, undefined);
  const headers: [string, string][] = [];
  if (denial.status === 401) headers.push(['WWW-Authenticate', challenge]);
  if (denial.status === 503) headers.push(['Retry-After', '1']);
  return { status: denial.status, headers, message };
}
