import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type HeaderScene, startHeaderScene } from './scene.ts';

for (const workers of [1, 2]) {
  describe(`phases of plugins over the wire, workers: ${workers}`, () => {
    let scene: HeaderScene;
    before(async () => {
      scene = await startHeaderScene(workers);
      await scene.route('plain');
      await scene.route('secure', { protocols: ['https'] });
      await scene.route('guarded');
      const plugin = (path: string, name: string, config: object) => scene.admin.must('POST', path, { name, config });
      await plugin('/plugins', 'correlation-id', { header_name: 'X-Trace', echo_downstream: true });
      await plugin('/routes/guarded/plugins', 'key-auth', {});
      await plugin('/routes/guarded/plugins', 'cors', { origins: ['https://app.test'] });
    });
    after(() => scene.stop());

    test('a plugin bound to nothing has its say on every answer, whoever made it', async () => {
      for (const [path, status] of [
        ['/plain', 200],
        ['/nowhere', 404],
        ['/secure', 426],
        ['/guarded', 401],
      ] as const) {
        const { answer } = await scene.ask(path, { headers: [['X-Trace', 'mine']] });
        assert.equal(answer.status, status, path);
        assert.equal(answer.headers['x-trace'], 'mine', path);
      }
    });

    test('what it gave the request, the upstream gets and the client is told', async () => {
      const { answer, seen } = await scene.ask('/plain');
      assert.match(seen?.header('x-trace') ?? '', /.+/);
      assert.equal(answer.headers['x-trace'], seen?.header('x-trace'));
    });

    test('a page may read why it was refused', async () => {
      const { answer, seen } = await scene.ask('/guarded', { headers: [['Origin', 'https://app.test']] });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['access-control-allow-origin'], 'https://app.test');
      assert.match(answer.headers['www-authenticate'] ?? '', /^Key/);
      assert.equal(seen, undefined);
    });
  });
}
