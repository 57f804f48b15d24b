import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ConnectionInfo, memoryRequest, type ServerExchange } from '../http/index.ts';
import { SnapshotHolder } from '../snapshot/holder.ts';
import type { PluginChain } from '../snapshot/plugin-chain.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { createDataPlane } from './data-plane.ts';
import { defaultProxyOptions } from './options.ts';
import { RequestContext } from './request-context.ts';
import { fieldsWithoutHost } from './request-headers.ts';

const plane = createDataPlane({
  holder: new SnapshotHolder(),
  options: defaultProxyOptions,
  accessLog: undefined,
  version: '0',
} as unknown as Parameters<typeof createDataPlane>[0]);

function contextOf(
  headers: readonly (readonly [string, string])[],
  options: { readonly connection?: ConnectionInfo; readonly trusted?: boolean; readonly target?: string } = {},
): RequestContext {
  const parsed = memoryRequest({ method: 'GET', target: options.target ?? '/a', headers });
  const request = options.connection === undefined ? parsed : { ...parsed, connection: options.connection };
  return new RequestContext({
    exchange: { request } as unknown as ServerExchange,
    requestId: 'id',
    snapshot: {} as Snapshot,
    services: {} as RequestContext['services'],
    trustedPeer: options.trusted ?? false,
    clientAddress: request.connection.peerAddress,
    scheme: 'http',
  });
}

function linesOf(context: RequestContext): string[] {
  return fieldsWithoutHost(plane, context).split('\r\n').slice(0, -1);
}

describe('fields of the upstream request', () => {
  it('tell the host of each request, whatever came before on the connection', () => {
    const first = contextOf([['Host', 'one.test:81']]);
    const { connection } = first.request as unknown as { connection: ConnectionInfo };
    assert.ok(linesOf(first).includes('X-Forwarded-Host: one.test'));
    const second = contextOf([['Host', 'two.test']], { connection });
    assert.ok(linesOf(second).includes('X-Forwarded-Host: two.test'));
    const third = contextOf([['Host', 'two.test']], { connection, target: '/b' });
    assert.ok(linesOf(third).includes('X-Forwarded-Host: two.test'));
    assert.ok(linesOf(third).includes('X-Forwarded-Path: /b'));
  });

  it('put the peer behind what the client said about itself, once for each request', () => {
    const first = contextOf([['X-Forwarded-For', '10.0.0.1']]);
    const { connection } = first.request as unknown as { connection: ConnectionInfo };
    assert.ok(linesOf(first).includes('X-Forwarded-For: 10.0.0.1, 127.0.0.1'));
    assert.ok(linesOf(contextOf([], { connection })).includes('X-Forwarded-For: 127.0.0.1'));
    const third = contextOf([['X-Forwarded-For', '10.0.0.2']], { connection });
    assert.ok(linesOf(third).includes('X-Forwarded-For: 10.0.0.2, 127.0.0.1'));
  });

  it('leave out what belongs to the gateway in every spelling', () => {
    const context = contextOf([
      ['x_consumer_id', 'forged'],
      ['X-Consumer-Username', 'forged'],
      ['Asserted_By-Plugin', 'forged'],
      ['Keep-Alive', 'timeout=1'],
      ['Upgrade', 'h2c'],
      ['Connection', 'X-Once'],
      ['X-Once', 'yes'],
      ['X-Kept', 'yes'],
    ]);
    context.chain = {
      links: [{}],
      ownedRequestHeaders: new Set(['asserted-by-plugin']),
    } as unknown as PluginChain;
    const text = linesOf(context).join('\n');
    assert.doesNotMatch(text, /forged|Keep-Alive|Upgrade|Connection|X-Once/i);
    assert.match(text, /^X-Kept: yes$/m);
  });

  it('carry what plugins assert, the same run on every request', () => {
    const pairs = ['X-Sub', 'a\r\nb'];
    for (const id of ['one', 'two']) {
      const context = contextOf([]);
      context.edits.setIdentity(['X-Credential-Identifier', id]);
      context.edits.setIdentity(['X-Credential-Identifier', `${id}!`]);
      context.edits.appendOwned(pairs);
      const lines = linesOf(context);
      assert.deepEqual(lines.slice(-2), [`X-Credential-Identifier: ${id}!`, 'X-Sub: a%0D%0Ab']);
      assert.equal(lines.filter((line) => line.startsWith('X-Credential')).length, 1);
    }
  });
});
