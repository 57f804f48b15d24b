import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noContent } from './answer.ts';
import { type AdminRoute, allowedMethods, createRouter } from './router.ts';

const handler = () => noContent;

function route(path: string): AdminRoute {
  return { path, methods: { GET: handler } };
}

const router = createRouter([
  route('/'),
  route('/plugins'),
  route('/plugins/{id}'),
  route('/plugins/enabled'),
  route('/plugins/schema/{name}'),
  route('/plugins/{id}/route'),
]);

test('a literal segment wins over a parameter', () => {
  assert.equal(router.match(['plugins', 'enabled'])?.route.path, '/plugins/enabled');
  assert.equal(router.match(['plugins', 'other'])?.route.path, '/plugins/{id}');
});

test('a literal that leads nowhere falls back to the parameter', () => {
  const found = router.match(['plugins', 'enabled', 'route']);
  assert.equal(found?.route.path, '/plugins/{id}/route');
  assert.deepEqual(found?.params, { id: 'enabled' });
});

test('the root has no segments and unknown paths have no route', () => {
  assert.equal(router.match([])?.route.path, '/');
  assert.equal(router.match(['nope']), undefined);
  assert.equal(router.match(['plugins', 'a', 'b']), undefined);
  assert.equal(router.match(['__proto__']), undefined);
});

test('the same path twice is a fault of the table', () => {
  assert.throws(() => createRouter([route('/a/{b}'), route('/a/{c}')]));
});

test('methods are sorted, with HEAD where GET is and OPTIONS everywhere', () => {
  assert.equal(allowedMethods({ path: '/', methods: { POST: handler, GET: handler } }), 'GET, HEAD, OPTIONS, POST');
  assert.equal(allowedMethods({ path: '/', methods: { POST: handler } }), 'OPTIONS, POST');
});
