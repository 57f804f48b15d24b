import {
  appendTo,
  emptyBlock,
  fieldStart,
  type HeaderBlock,
  type HeaderList,
  joinBlocks,
  lastingBlock,
} from '../http/index.ts';
import { plainAddress } from './client-address.ts';
import type { DataPlane } from './data-plane.ts';
import type { RequestContext } from './request-context.ts';

const realIp = fieldStart('X-Real-IP');
const forwardedFor = fieldStart('X-Forwarded-For');
const forwardedProto = fieldStart('X-Forwarded-Proto');
const forwardedHost = fieldStart('X-Forwarded-Host');
const forwardedPort = fieldStart('X-Forwarded-Port');
const forwardedPath = fieldStart('X-Forwarded-Path');
const forwardedPrefix = fieldStart('X-Forwarded-Prefix');
const forwarded = fieldStart('Forwarded');

/**
 * What the upstream is told of the client's side (proxying.md 8.1): X-Forwarded-For grows even for untrusted peers,
 * the rest is believed of trusted ones only. `Forwarded` (RFC 7239) of an untrusted peer is left out altogether, since
 * nothing in it could be told from what the gateway vouches for.
 */
export function appendForwarded(plane: DataPlane, context: RequestContext, start: HeaderBlock): HeaderBlock {
  const { headers, rawPath } = context.request;
  const own = context.forwardedPrefix;
  const chain = chainOf(headers);
  if (context.trustedPeer) return appendTrusted(plane, context, start, chain);
  const block = appendTo(joinBlocks(start, firstHand(plane, context, chain)), forwardedPath, rawPath);
  return own !== '' && own !== '/' ? appendTo(block, forwardedPrefix, own) : block;
}

function appendTrusted(
  plane: DataPlane,
  context: RequestContext,
  start: HeaderBlock,
  chain: string | undefined,
): HeaderBlock {
  const { headers, connection, rawPath } = context.request;
  const peer = plainAddress(connection.peerAddress);
  let block = appendTo(start, realIp, context.clientAddress);
  block = appendTo(block, forwardedFor, chain === undefined ? context.clientAddress : `${chain}, ${peer}`);
  block = appendTo(block, forwardedProto, context.scheme);
  block = appendTo(block, forwardedHost, headers.get('x-forwarded-host') ?? hostName(context.request.host));
  block = appendTo(block, forwardedPort, toldPort(headers) ?? String(plane.publishedPort(connection)));
  block = appendTo(block, forwardedPath, headers.get('x-forwarded-path') ?? rawPath);
  const prefix = headers.get('x-forwarded-prefix') ?? context.forwardedPrefix;
  if (prefix !== '' && prefix !== '/') block = appendTo(block, forwardedPrefix, prefix);
  const elements = headers.all('forwarded').join(', ');
  if (elements === '') return block;
  const node = peer.includes(':') ? `"[${peer}]"` : peer;
  return appendTo(block, forwarded, `${elements}, for=${node};proto=${connection.secure ? 'https' : 'http'}`);
}

/** Everything the client, or whoever came before, said in X-Forwarded-For; undefined for nothing. */
function chainOf(headers: HeaderList): string | undefined {
  const first = headers.get('x-forwarded-for');
  if (first === undefined) return undefined;
  const all = headers.count('x-forwarded-for') === 1 ? first : headers.all('x-forwarded-for').join(', ');
  return all === '' ? undefined : all;
}

function toldPort(headers: HeaderList): string | undefined {
  const told = headers.get('x-forwarded-port');
  if (told === undefined || !/^\d{1,5}$/.test(told)) return undefined;
  return Number(told) >= 1 && Number(told) <= 65_535 ? told : undefined;
}

/**
 * The host in X-Forwarded-Host as the nearest proxy wrote it, which is the last one of a list; undefined where that
 * is no host. Ask only about trusted peers.
 */
export function toldHost(headers: HeaderList): string | undefined {
  const last = headers.all('x-forwarded-host').join(',').split(',').at(-1)?.trim().toLowerCase() ?? '';
  return /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(last) ? last : undefined;
}

/** Host without its port. */
export function hostName(hostAndPort: string): string {
  return hostAndPort.replace(/:\d*$/, '');
}

/** What an untrusted connection and its last `Host` say. */
export interface ConnectionFields {
  readonly host: string;
  readonly block: HeaderBlock;
}

/** The fields known from the connection alone: nearly always the same for all its requests. */
function firstHand(plane: DataPlane, context: RequestContext, chain: string | undefined): HeaderBlock {
  const { connection, host: asked } = context.request;
  const known = chain === undefined ? plane.connectionFields.get(connection) : undefined;
  if (known !== undefined && known.host === asked) return known.block;
  const peer = context.clientAddress;
  let block = appendTo(emptyBlock, realIp, peer);
  block = appendTo(block, forwardedFor, chain === undefined ? peer : `${chain}, ${peer}`);
  block = appendTo(block, forwardedProto, context.scheme);
  block = appendTo(block, forwardedHost, hostName(asked));
  block = appendTo(block, forwardedPort, String(plane.publishedPort(connection)));
  if (chain !== undefined) return block;
  block = lastingBlock(block);
  plane.connectionFields.set(connection, { host: ownText(asked), block });
  return block;
}

/** A copy that does not keep the head alive that the text was cut from. */
function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
