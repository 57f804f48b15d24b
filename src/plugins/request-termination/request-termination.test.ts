import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PluginResponse } from '../../pdk/index.ts';
import { faultsOf, prepared, type TestRequest, testContext } from '../../pdk/testing.ts';
import { requestTermination } from './index.ts';

async function run(config: Record<string, unknown>, request: TestRequest = {}): Promise<PluginResponse | undefined> {
  return requestTermination.access?.(testContext(request), prepared(requestTermination, config));
}

const json = 'application/json; charset=utf-8';

test('the status decides the message, unless one is given', async () => {
  assert.deepEqual(await run({}), {
    status: 503,
    headers: [],
    message: '',
    body: { contentType: json, bytes: '{"message":"Service unavailable"}' },
  });
  for (const [status_code, message] of [
    [401, 'Unauthorized'],
    [404, 'Not found'],
    [405, 'Method not allowed'],
    [500, 'An unexpected error occurred'],
    [502, 'Bad Gateway'],
  ] as const) {
    assert.equal((await run({ status_code }))?.body?.bytes, JSON.stringify({ message }));
  }
  assert.deepEqual((await run({ status_code: 418 }))?.body, { contentType: '', bytes: '' });
  assert.equal((await run({ status_code: 418, message: 'a "teapot"' }))?.body?.bytes, '{"message":"a \\"teapot\\""}');
});

test('a body is sent as it is, with its type', async () => {
  assert.deepEqual((await run({ body: '{}' }))?.body, { contentType: json, bytes: '{}' });
  const page = await run({ status_code: 200, body: '<p>', content_type: 'text/html' });
  assert.deepEqual([page?.status, page?.body], [200, { contentType: 'text/html', bytes: '<p>' }]);
  assert.deepEqual((await run({ status_code: 204, body: 'x' }))?.body, { contentType: '', bytes: '' });
});

test('a trigger is a header or a query argument', async () => {
  const config = { trigger: 'X-Stop' };
  assert.equal(await run(config), undefined);
  assert.equal((await run(config, { headers: [['x-stop', '']] }))?.status, 503);
  assert.equal((await run(config, { query: 'a=1&X-Stop' }))?.status, 503);
  assert.equal(await run(config, { query: 'x-stop=1' }), undefined);
});

test('an echo shows what reached the gateway', async () => {
  const answer = await run(
    { echo: true, status_code: 200, message: 'here' },
    {
      method: 'POST',
      path: '/a',
      query: 'b=1',
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
      ],
      body: 'text',
    },
  );
  assert.equal(answer?.status, 200);
  const dump = JSON.parse(String(answer.body?.bytes));
  assert.equal(dump.message, 'here');
  assert.deepEqual(dump.request, {
    scheme: 'http',
    host: 'gateway.test',
    method: 'POST',
    path: '/a',
    query: { b: '1' },
    headers: { 'x-a': '1, 2' },
    raw_body: 'text',
  });
  assert.deepEqual(dump.matched_route, { id: 'route', name: 'a route' });
  assert.deepEqual(dump.matched_service, { id: 'service', name: 'a service' });
});

test('faults of a configuration', () => {
  const twice = ['@entity: message cannot be used with content_type or body'];
  assert.deepEqual(faultsOf(requestTermination, { message: 'a', body: 'b' }), twice);
  assert.deepEqual(faultsOf(requestTermination, { message: 'a', content_type: 'b' }), twice);
  assert.deepEqual(faultsOf(requestTermination, { content_type: 'b' }), ['@entity: content_type requires a body']);
  for (const status_code of [99, 100, 199, 600]) {
    assert.equal(faultsOf(requestTermination, { status_code }).length, 1, String(status_code));
  }
  assert.match(faultsOf(requestTermination, { body: 'x', content_type: 'a\r\nb: c' }).join(), /control characters/);
});
