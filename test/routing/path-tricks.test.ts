import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { normalisePath } from '../../src/http/normalise-path.ts';
import { pathReaders } from './path-readers.ts';
import { pathTricks } from './path-tricks.ts';
import { type RoutingScene, startRoutingScene, type WorldRoute } from './scene.ts';

/** What a request may reach on each route: paths below this one, whoever reads them. */
const territories: Readonly<Record<string, string>> = {
  public: '/public',
  admin: '/admin',
  stripped: '/s',
  joined: '/s',
  rest: '/',
};

const routes: readonly WorldRoute[] = [
  { name: 'public', paths: ['/public'], strip_path: false },
  { name: 'admin', paths: ['/admin'], strip_path: false },
  { name: 'stripped', paths: ['/stripped'], to: '/s' },
  { name: 'joined', paths: ['/joined'], to: '/s/', path_handling: 'v1' },
  { name: 'rest', paths: ['/'], strip_path: false },
];

const tricks = pathTricks();

test('there are at least two hundred tricks', () => {
  assert.ok(tricks.length >= 200, `${tricks.length}`);
});

test('the readers resolve what they claim to', () => {
  const read = (path: string) => Object.values(pathReaders).map((reader) => reader(path));
  assert.deepEqual(new Set(read('/a/b/../c')), new Set(['/a/c']));
  assert.ok(read('/a/..%2Fb').includes('/b'));
  assert.ok(read('/a/..%5Cb').includes('/b'));
  assert.ok(read('/a/..;x/b').includes('/b'));
});

for (const workers of [1, 2]) {
  describe(`path tricks, workers: ${workers}`, () => {
    let scene: RoutingScene;
    before(async () => {
      scene = await startRoutingScene(workers);
      await scene.load(routes);
    });
    after(() => scene.stop());
    for (const target of tricks) {
      test(`router and upstream agree on ${JSON.stringify(target)}`, () => agree(scene, target));
    }
  });
}

async function agree(scene: RoutingScene, target: string): Promise<void> {
  const seenBefore = scene.requestsSeen;
  const answer = await scene.ask({ target });
  if (answer.echoed === undefined) {
    assert.equal(answer.status, 400, `${answer.status} ${answer.text}`);
    assert.equal(scene.requestsSeen, seenBefore, 'refused, but seen by the upstream');
    return;
  }
  const route = answer.headers['kong-route-name'] ?? '';
  const territory = territories[route];
  assert.ok(territory !== undefined, `no such route: ${route}`);
  const [path = ''] = answer.echoed.url.split('?');
  assert.equal(normalisePath(path), path, 'the path that was sent is in its one form');
  assert.ok(path.startsWith(territory), `${route} sent ${path}`);
  for (const [name, read] of Object.entries(pathReaders)) {
    const reached = read(path);
    const within = reached.startsWith(territory) || `${reached}/` === territory;
    assert.ok(within, `a server ${name} reads ${path} as ${reached}, outside of ${territory}`);
  }
  // Kept paths: the route is the one that the path itself leads to.
  if (territory !== '/s') assert.equal(route, routeOf(path), `${path} went through ${route}`);
}

function routeOf(path: string): string {
  return path.startsWith('/public') ? 'public' : path.startsWith('/admin') ? 'admin' : 'rest';
}
