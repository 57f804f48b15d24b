import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf, prepared, testAnswer, testContext, testServices } from '../../pdk/testing.ts';
import { correlationId } from './index.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function run(config: Record<string, unknown>, headers: [string, string][] = [], services = testServices()) {
  const context = testContext({ headers, services });
  const settings = prepared(correlationId, config);
  assert.equal(correlationId.access?.(context, settings), undefined);
  const answer = testAnswer(context);
  correlationId.headerFilter?.(answer, settings);
  const name = String(config['header_name'] ?? 'Kong-Request-ID');
  return { upstream: context.set.get(name), client: answer.fields()[name.toLowerCase()] };
}

test('a request gets an id, the client hears of it only when asked', () => {
  const { upstream, client } = run({ generator: 'uuid' });
  assert.match(String(upstream), uuid);
  assert.equal(client, undefined);
  const echoed = run({ generator: 'uuid', echo_downstream: true, header_name: 'X-Id' });
  assert.match(String(echoed.upstream), uuid);
  assert.equal(echoed.client, echoed.upstream);
});

test('an id that came with the request is kept, an empty one is none', () => {
  const config = { echo_downstream: true };
  assert.deepEqual(run(config, [['kong-request-id', 'given']]), { upstream: undefined, client: 'given' });
  assert.notEqual(run(config, [['kong-request-id', '']]).upstream, undefined);
});

test('uuid#counter is one id for a worker, with a number that goes on through changes of the configuration', () => {
  const services = testServices();
  const [first = '', one] = String(run({}, [], services).upstream).split('#');
  const [second, two] = String(run({ echo_downstream: true }, [], services).upstream).split('#');
  assert.match(first, uuid);
  assert.deepEqual([second, one, two], [first, '1', '2']);
});

test('tracker tells node, process, connection, request and time', () => {
  const services = testServices({ now: () => 1_700_000_000_123 });
  const settings = prepared(correlationId, { generator: 'tracker' });
  const ask = (connection?: { localAddress: string; localPort: number; peerAddress: string; peerPort: number }) => {
    const context = { ...testContext({ services }), ...(connection === undefined ? {} : { connection }) };
    correlationId.access?.(context, settings);
    return context.set.get('Kong-Request-ID');
  };
  const connection = { localAddress: '192.0.2.9', localPort: 8443, peerAddress: '192.0.2.1', peerPort: 1 };
  const time = '1700000000.123';
  assert.equal(ask(connection), `192.0.2.9-8443-${process.pid}-1-1-${time}`);
  assert.equal(ask(connection), `192.0.2.9-8443-${process.pid}-1-2-${time}`);
  assert.equal(ask({ ...connection }), `192.0.2.9-8443-${process.pid}-2-1-${time}`);
});

test('where no route matched the answer gets an id of its own', () => {
  const settings = prepared(correlationId, { generator: 'uuid', echo_downstream: true });
  const answer = testAnswer(testContext());
  correlationId.headerFilter?.(answer, settings);
  assert.match(String(answer.fields()['kong-request-id']), uuid);
});

test('the header is one that plugins may set', () => {
  assert.match(faultsOf(correlationId, { header_name: 'Host' }).join(), /^header_name: must not be one of/);
  assert.match(faultsOf(correlationId, { generator: 'dice' }).join(), /^generator: expected one of/);
});
