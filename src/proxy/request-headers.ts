import {
  appendField,
  appendParsed,
  appendTo,
  emptyBlock,
  fieldStart,
  type HeaderBlock,
  hopByHop,
  hopByHopNames,
  joinBlocks,
} from '../http/index.ts';
import { identityHeaders } from '../pdk/index.ts';
import type { PluginChain } from '../snapshot/plugin-chain.ts';
import type { DataPlane } from './data-plane.ts';
import { blockOf, dashed } from './edits.ts';
import { staysEndToEnd } from './end-to-end.ts';
import { appendForwarded } from './forwarded.ts';
import type { RequestContext } from './request-context.ts';

/** Fields the gateway writes itself; the client's own are merged or dropped, never copied. */
const written = [
  'host',
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-path',
  'x-forwarded-prefix',
  'forwarded',
  'x-kong-request-id',
  'via',
  'te',
  'upgrade',
  'expect',
  'proxy',
] as const;

const host = fieldStart('Host');
const via = fieldStart('Via');

/** `Host` as the client sent it, for routes that keep it (`preserve_host`). */
export function clientHost({ request }: RequestContext): HeaderBlock {
  return appendTo(emptyBlock, host, request.headers.get('host') ?? request.host);
}

/** Whether this gateway alone writes a field on these requests; in a trailer it must not come from a client either. */
export function isGatewaysOwn(chain: PluginChain | undefined, lower: string): boolean {
  return ownFields(chain).has(dashed(lower));
}

/**
 * The fields of the upstream request: what the client sent end to end, then what the gateway says. Everything but
 * `Host`, which may change from try to try while this does not.
 */
export function fieldsWithoutHost(plane: DataPlane, context: RequestContext): HeaderBlock {
  const { headers, versionMinor } = context.request;
  const { dropped, upstream, identity, owned } = context.edited;
  const own = ownFields(context.chain);
  const named = hopByHopNames(headers);
  let block = emptyBlock;
  for (let index = 0; index < headers.length; index += 1) {
    const lower = headers.lowers[index] ?? '';
    const spelled = dashed(lower);
    if (own.has(spelled)) continue;
    if (named?.has(lower) === true && !staysEndToEnd(spelled)) continue;
    if (dropped.length > 0 && dropped.includes(spelled)) continue;
    block = appendParsed(block, headers, index);
  }
  block = appendForwarded(plane, context, block);
  const passed = headers.get('via');
  if (passed === undefined && versionMinor === 1) block = joinBlocks(block, plane.viaField);
  else block = appendTo(block, via, viaValue(headers.all('via').join(', '), versionMinor, plane.serverToken));
  if (plane.options.upstreamRequestId) block = joinBlocks(block, context.requestIdField);
  for (let index = 0; index + 1 < upstream.length; index += 2) {
    block = appendField(block, upstream[index] ?? '', upstream[index + 1] ?? '');
  }
  if (identity !== undefined) block = joinBlocks(block, blockOf(identity));
  for (const pairs of owned) block = joinBlocks(block, blockOf(pairs));
  return block;
}

/** `Via` with this gateway behind whoever the message came through before (RFC 9110 section 7.6.3). */
export function viaValue(incoming: string, versionMinor: number, token: string): string {
  const own = `1.${versionMinor} ${token}`;
  return incoming === '' ? own : `${incoming}, ${own}`;
}

const always: ReadonlySet<string> = new Set<string>([...hopByHop, ...written, ...identityHeaders]);
const byChain = new WeakMap<PluginChain, ReadonlySet<string>>();

/** Names, with `-` for `_`, of which no copy of the client's gets through: one look-up decides about a field. */
function ownFields(chain: PluginChain | undefined): ReadonlySet<string> {
  if (chain === undefined || chain.links.length === 0) return always;
  let own = byChain.get(chain);
  if (own === undefined) {
    own = new Set([...always, ...chain.ownedRequestHeaders]);
    byChain.set(chain, own);
  }
  return own;
}
