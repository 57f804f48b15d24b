import { limits } from '../base/limits.ts';
import {
  type Argument,
  cutArguments,
  cutJsonMembers,
  type JsonMember,
  jsonMembers,
  parseArguments,
} from './arguments.ts';
import type { AccessContext } from './contexts.ts';

export type BodyState =
  /** Nothing to look into: no body, another media type, an encoding, multipart. */
  | { readonly kind: 'unread' }
  | { readonly kind: 'form'; readonly text: string; readonly args: readonly Argument[] }
  | { readonly kind: 'json'; readonly bytes: Buffer; readonly members: readonly JsonMember[] }
  | { readonly kind: 'unreadable'; readonly what: string }
  | { readonly kind: 'too_large' | 'timeout' | 'busy' | 'aborted' };

/** Values of one name in one place: several different ones are an ambiguity, not a choice. */
export type Lookup =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly value: string; readonly repeated: boolean }
  | { readonly kind: 'several' };

const none: Lookup = { kind: 'none' };

/** The request's query and body arguments, each read at most once and only when somebody asks. */
export class RequestArguments {
  readonly #context: AccessContext;
  #query: readonly Argument[] | undefined;
  #body: BodyState | undefined;

  constructor(context: AccessContext) {
    this.#context = context;
  }

  inQuery(name: string): Lookup {
    const { query } = this.#context.request;
    if (query === undefined || query === '') return none;
    this.#query ??= parseArguments(query) ?? [];
    return lookUp(this.#query, name);
  }

  inBody(name: string): Lookup {
    const body = this.#body;
    if (body?.kind === 'form') return lookUp(body.args, name);
    if (body?.kind !== 'json') return none;
    const strings: { name: string; value: string }[] = [];
    // JSON null counts as absent, numbers and objects are no credential (openid-connect.md (a)).
    for (const { name: own, value } of body.members) if (typeof value === 'string') strings.push({ name: own, value });
    return lookUp(strings, name);
  }

  /** Whether the body is of a kind that is looked into at all (decisions: request bodies). */
  get bodyMayHoldArguments(): boolean {
    const { headers, body } = this.#context.request;
    if (body.kind === 'none' || headers.get('content-encoding') !== undefined) return false;
    return mediaKind(headers.get('content-type')) !== undefined;
  }

  async loadBody(): Promise<BodyState> {
    if (this.#body !== undefined) return this.#body;
    this.#body = await this.#readBody();
    return this.#body;
  }

  /** Removes these arguments from the query that goes upstream. */
  hideFromQuery(names: ReadonlySet<string>): void {
    const { query } = this.#context.request;
    if (query !== undefined) this.#context.edits.setQuery(cutArguments(query, names));
  }

  /** Removes these members from the body that goes upstream; every other byte stays. */
  hideFromBody(names: ReadonlySet<string>): void {
    const body = this.#body;
    if (body?.kind === 'form') {
      this.#context.request.body.replace(Buffer.from(cutArguments(body.text, names) ?? '', 'latin1'));
    } else if (body?.kind === 'json') {
      this.#context.request.body.replace(cutJsonMembers(body.bytes, body.members, names));
    }
  }

  async #readBody(): Promise<BodyState> {
    if (!this.bodyMayHoldArguments) return { kind: 'unread' };
    const { request } = this.#context;
    const outcome = await request.body.peek(limits.credentialBodyBytesMax, limits.credentialBodyTimeoutMs);
    if (outcome.kind !== 'whole') return { kind: outcome.kind };
    if (mediaKind(request.headers.get('content-type')) === 'form') {
      const text = outcome.bytes.toString('latin1');
      const args = parseArguments(text);
      return args === undefined
        ? { kind: 'unreadable', what: 'a form with too many arguments' }
        : { kind: 'form', text, args };
    }
    const members = jsonMembers(outcome.bytes);
    if (members === undefined) return { kind: 'unreadable', what: 'a body that is no JSON object' };
    return { kind: 'json', bytes: outcome.bytes, members };
  }
}

function mediaKind(contentType: string | undefined): 'form' | 'json' | undefined {
  if (contentType === undefined) return undefined;
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return 'form';
  return type === 'application/json' ? 'json' : undefined;
}

function lookUp(args: readonly { readonly name: string; readonly value: string }[], name: string): Lookup {
  let value: string | undefined;
  let repeated = false;
  for (const arg of args) {
    if (arg.name !== name) continue;
    if (value !== undefined && value !== arg.value) return { kind: 'several' };
    repeated = value !== undefined;
    value = arg.value;
  }
  return value === undefined || value === '' ? none : { kind: 'one', value, repeated };
}
