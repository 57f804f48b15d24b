import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultAccessLogFields } from '../base/access-log-names.ts';
import { memoryRequest, type ServerExchange } from '../http/index.ts';
import type { RouteMatch } from '../snapshot/router/match.ts';
import { emptySnapshot } from '../snapshot/snapshot.ts';
import { accessLine } from './access-line.ts';
import { RequestContext } from './request-context.ts';

function contextOf(target: string, name: string | null): RequestContext {
  const times = { receivedAt: 10, forwardedAt: 11.04, connectedAt: 0, upstreamHeadAt: 13.5, finishedAt: 14.36 };
  const request = memoryRequest({ method: 'GET', target, headers: [] });
  const context = new RequestContext({
    exchange: { request, times, status: 200, bytesReceived: 5, bytesSent: 6 } as unknown as ServerExchange,
    requestId: 'id',
    snapshot: emptySnapshot,
    services: {} as RequestContext['services'],
    trustedPeer: false,
    clientAddress: '::1',
    scheme: 'http',
  });
  context.match = { route: { id: 'R', name, service: { id: 'S', name: 'ser"vice' } } } as unknown as RouteMatch;
  return context;
}

test('the usual fields read the same whether they are asked for or not', () => {
  const at = () => 'now';
  // Another order makes the general form write them.
  const [first = 'at', ...rest] = defaultAccessLogFields;
  const asked = accessLine([...rest, first], at);
  const usual = accessLine([], at);
  for (const context of [contextOf('/a%22b', 'route'), contextOf('/', null)]) {
    const line = usual(context);
    assert.ok(line.endsWith('}\n'));
    assert.deepEqual(Object.keys(JSON.parse(line)), [...defaultAccessLogFields]);
    assert.deepEqual(JSON.parse(asked(context)), JSON.parse(line));
    assert.equal(accessLine(defaultAccessLogFields, at)(context), line);
  }
  const { ms_total, ms_upstream, service } = JSON.parse(usual(contextOf('/', null)));
  assert.deepEqual([ms_total, ms_upstream, service], [4.4, 2.5, 'ser"vice']);
});

test('a name that nobody knows is left out, and no field at all is still a line', () => {
  assert.equal(accessLine(['nothing', 'request_header', 'toString'], () => '')(contextOf('/', null)), '{}\n');
});

test('a text without end is cut', () => {
  const line = accessLine(['path', 'query'], () => '')(contextOf(`/${'p'.repeat(5000)}?${'q'.repeat(3000)}=1`, null));
  assert.ok(line.length < 5000);
  assert.ok(JSON.parse(line).path.endsWith('…'));
});
