import {
  appendField,
  appendParsed,
  appendTo,
  type ConnectionInfo,
  emptyBlock,
  fieldStart,
  type HeaderBlock,
  hopByHop,
  hopByHopNames,
  joinBlocks,
  lastingBlock,
} from '../http/index.ts';
import { identityHeaders } from '../pdk/index.ts';
import type { PluginChain } from '../snapshot/plugin-chain.ts';
import type { RouteMatch } from '../snapshot/router/match.ts';
import type { CompiledService } from '../snapshot/snapshot.ts';
import { plainAddress } from './client-address.ts';
import type { DataPlane } from './data-plane.ts';
import { blockOf, dashed, type RequestContext } from './request-context.ts';

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
  'x-kong-request-id',
  'via',
  'te',
  'upgrade',
  'expect',
  'proxy',
] as const;

const host = fieldStart('Host');
const realIp = fieldStart('X-Real-IP');
const forwardedFor = fieldStart('X-Forwarded-For');
const forwardedProto = fieldStart('X-Forwarded-Proto');
const forwardedHost = fieldStart('X-Forwarded-Host');
const forwardedPort = fieldStart('X-Forwarded-Port');
const forwardedPath = fieldStart('X-Forwarded-Path');
const forwardedPrefix = fieldStart('X-Forwarded-Prefix');
const via = fieldStart('Via');

/** The fields of the upstream request: what the client sent end to end, then what the gateway says. */
export function requestHeaders(
  plane: DataPlane,
  context: RequestContext,
  match: RouteMatch,
  service: CompiledService,
): HeaderBlock {
  const { headers, versionMinor } = context.request;
  const { dropped, upstream, identity, owned } = context.edits;
  const own = ownFields(context.chain);
  const named = hopByHopNames(headers);
  let block = match.route.preserveHost ? appendTo(emptyBlock, host, context.request.host) : hostField(service);
  for (let index = 0; index < headers.length; index += 1) {
    const lower = headers.lowers[index] ?? '';
    const spelled = dashed(lower);
    if (own.has(spelled) || named?.has(lower)) continue;
    if (dropped.length > 0 && dropped.includes(spelled)) continue;
    block = appendParsed(block, headers, index);
  }
  block = forwardedHeaders(context, block);
  const passed = headers.get('via');
  if (passed === undefined && versionMinor === 1) block = joinBlocks(block, plane.viaField);
  else block = appendTo(block, via, viaValue(passed, versionMinor, plane.serverToken));
  block = joinBlocks(block, context.requestIdField);
  for (let index = 0; index + 1 < upstream.length; index += 2) {
    block = appendField(block, upstream[index] ?? '', upstream[index + 1] ?? '');
  }
  if (identity !== undefined) block = joinBlocks(block, blockOf(identity));
  for (const pairs of owned) block = joinBlocks(block, blockOf(pairs));
  return block;
}

/** `Via` with this gateway behind whoever the message came through before (RFC 9110 section 7.6.3). */
export function viaValue(incoming: string | undefined, versionMinor: number, token: string): string {
  const own = `1.${versionMinor} ${token}`;
  return incoming === undefined ? own : `${incoming}, ${own}`;
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

const hostFields = new WeakMap<CompiledService, HeaderBlock>();

function hostField(service: CompiledService): HeaderBlock {
  let field = hostFields.get(service);
  if (field === undefined) {
    const usual = service.protocol === 'https' ? 443 : 80;
    const name = service.host.includes(':') && !service.host.startsWith('[') ? `[${service.host}]` : service.host;
    field = lastingBlock(appendTo(emptyBlock, host, service.port === usual ? name : `${name}:${service.port}`));
    hostFields.set(service, field);
  }
  return field;
}

/** proxying.md 8.1: X-Forwarded-For grows even for untrusted peers, the rest is believed of trusted ones only. */
function forwardedHeaders(context: RequestContext, start: HeaderBlock): HeaderBlock {
  const { headers, connection, rawPath } = context.request;
  const own = context.forwardedPrefix;
  const chain = headers.get('x-forwarded-for');
  if (!context.trustedPeer) {
    const block = appendTo(joinBlocks(start, firstHand(context, chain)), forwardedPath, rawPath);
    return own !== '' && own !== '/' ? appendTo(block, forwardedPrefix, own) : block;
  }
  const peer = plainAddress(connection.peerAddress);
  let block = appendTo(start, realIp, context.clientAddress);
  block = appendTo(block, forwardedFor, chain === undefined ? context.clientAddress : `${chain}, ${peer}`);
  block = appendTo(block, forwardedProto, context.scheme);
  block = appendTo(block, forwardedHost, headers.get('x-forwarded-host') ?? hostName(context.request.host));
  block = appendTo(block, forwardedPort, headers.get('x-forwarded-port') ?? String(connection.localPort));
  block = appendTo(block, forwardedPath, headers.get('x-forwarded-path') ?? rawPath);
  const toldPrefix = headers.get('x-forwarded-prefix');
  if (toldPrefix !== undefined) return appendTo(block, forwardedPrefix, toldPrefix);
  return own !== '' && own !== '/' ? appendTo(block, forwardedPrefix, own) : block;
}

/** What a connection and its last `Host` say. */
interface FirstHand {
  readonly host: string;
  readonly block: HeaderBlock;
}

const byConnection = new WeakMap<ConnectionInfo, FirstHand>();

/** The fields known from the connection alone: nearly always the same for all its requests. */
function firstHand(context: RequestContext, chain: string | undefined): HeaderBlock {
  const { connection, host: asked } = context.request;
  const known = chain === undefined ? byConnection.get(connection) : undefined;
  if (known !== undefined && known.host === asked) return known.block;
  const peer = context.clientAddress;
  let block = appendTo(emptyBlock, realIp, peer);
  block = appendTo(block, forwardedFor, chain === undefined ? peer : `${chain}, ${peer}`);
  block = appendTo(block, forwardedProto, context.scheme);
  block = appendTo(block, forwardedHost, hostName(asked));
  block = appendTo(block, forwardedPort, String(connection.localPort));
  if (chain !== undefined) return block;
  block = lastingBlock(block);
  byConnection.set(connection, { host: ownText(asked), block });
  return block;
}

/** A copy that does not keep the head alive that the text was cut from. */
function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function hostName(hostAndPort: string): string {
  return hostAndPort.replace(/:\d+$/, '');
}
