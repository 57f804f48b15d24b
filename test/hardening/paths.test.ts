import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readStrictRequests } from '../support/strict-grammar.ts';
import { type Bench, onlyResponse, startBench } from './bench.ts';
import { host } from './cases/refused.ts';

/** Ways to write slashes, dots and letters so that one reader sees `/admin` and another does not. */
const detours = [
  ...['/x/../', '/x/./../', '/x/%2e%2e/', '/x/%2E%2E/', '/x/.%2e/', '/x/%2e./', '/x//../', '/x/y/../../', '/../'],
  ...['/x/..%2f', '/x/..%2F', '/x%2f..%2f', '/x/%2e%2e%2f', '/x/..%5c', '/x%5c..%5c', '/x/..\\', '/x\\..\\', '\\'],
  ...['/x/..;/', '/x/..;a=b/', '/x/.;/../', '/;/', '/;x=y/', '/x/;/../', '/x;/../', '/x/..%3b/', '/%2e;/', '/.;/'],
  ...['//', '///', '/./', '/.//', '/%2e/', '/%2E//', '/x/..//', '//x/..//', '/./././', '/x/%2e%2e//'],
  ...['/x/%00../', '/%00/', '/x%00/../', '/x/%u002e%u002e/', '/x/%c0%ae%c0%ae/', '/x/%252e%252e/', '/%25%32%66'],
  ...['/x/%zz/../', '/x/%/../', '/x/..%', '/x?/../', '/x#/../', '/ x/../', '/\tx/../', '/%09/', '/%0d%0a/', '/%20/'],
];
const spellings = [
  'admin/key',
  '%61dmin/key',
  'a%64min/key',
  'admin',
  'admin/',
  'admin/./key',
  'admin;x/key',
  'admin%2Fkey',
];
const tricks = [
  ...detours.flatMap((detour) => spellings.map((spelling) => detour + spelling)),
  ...['/ADMIN/key', '/Admin/key', '/%41dmin/key', '/admin%20/key', '/admin%00', '/admin%2e/key', '/admin../key'],
  ...['http://a.example/x/../admin', 'http://a.example//admin', 'http://a.example/%61dmin', 'HTTP://A.EXAMPLE/admin'],
];

/** How upstreams are known to read a path: by the letter, with parameters cut off, with slashes decoded. */
const readers: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => resolved(path.replaceAll(/;[^/]*/g, '').replaceAll(/\/{2,}/g, '/')),
  (path) => resolved(path.replaceAll(/%2f|%5c/gi, '/')),
];

function resolved(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

for (const workers of [1, 2]) {
  describe(`paths that mean one thing to the router and another to an upstream, workers: ${workers}`, () => {
    let bench: Bench;
    before(async () => {
      bench = await startBench(workers);
      await bench.admin.must('POST', '/services/raw/routes', { name: 'admin', paths: ['/admin'], strip_path: false });
      await bench.admin.must('POST', '/routes/admin/plugins', { name: 'key-auth' });
    });
    after(() => bench.stop());

    test(`none of ${tricks.length} tricks reaches /admin without a key`, async (context) => {
      assert.ok(tricks.length >= 200);
      const counts = { guarded: 0, refused: 0, elsewhere: 0 };
      for (const trick of tricks) {
        const client = bench.connect();
        client.send(`GET ${trick} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
        const { status } = onlyResponse(await client.toEnd());
        client.destroy();
        const { requests, rest } = readStrictRequests(bench.upstream.take());
        assert.equal(rest, '');
        if (status !== 200) {
          assert.deepEqual(requests, [], trick);
          assert.ok(status === 400 || status === 401, `${status}: ${trick}`);
          counts[status === 401 ? 'guarded' : 'refused'] += 1;
          continue;
        }
        counts.elsewhere += 1;
        assert.equal(requests.length, 1, trick);
        const path = (requests[0]?.target ?? '').replace(/\?.*/, '');
        for (const read of readers) assert.doesNotMatch(read(path), /^\/admin(?:\/|$)/, `${trick} arrived as ${path}`);
        assert.doesNotMatch(path, /\/\/|\/\.\.?(?:\/|$)|%(?![0-9A-F]{2})|\\/, `${trick} arrived as ${path}`);
      }
      context.diagnostic(JSON.stringify(counts));
      assert.ok(counts.guarded > 100 && counts.refused > 100 && counts.elsewhere > 5, JSON.stringify(counts));
    });
  });
}
