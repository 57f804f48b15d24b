import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { claimsOf } from '../support/jwt.ts';
import { type Scene, type SceneClient, startScene } from '../support/scene.ts';
import { basic, bearer, eventually, json, type WireAnswer } from '../support/wire.ts';

/** Many keep-alive requests at once, as a busy caller sends them; one answer status each. */
async function flood(count: number, concurrency: number, one: (index: number) => Promise<number>): Promise<number[]> {
  const statuses: number[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next++;
      statuses[index] = await one(index);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return statuses;
}

const upstreamToken = (answer: WireAnswer) =>
  String(answer.echoed?.headers['authorization'] ?? '').replace('Bearer ', '');

for (const workers of [1, 2]) {
  describe(`client credentials, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    beforeEach(async () => {
      await scene.control.reset();
    });
    after(() => scene.stop());

    const ask = (url: string, client: SceneClient) => scene.send(url, { headers: [scene.basic(client)] });

    test('1,000 concurrent cold requests with one credential make one token request, 1,000 warm ones none', async () => {
      const at = await scene.protect(scene.guideConfig());
      await scene.control.fault({ endpoint: 'token', kind: 'slow', delayMs: 300 });
      const headers = { authorization: basic(scene.client.id, scene.client.secret) };
      const one = async () => {
        const answer = await fetch(at.url, { headers });
        await answer.arrayBuffer();
        return answer.status;
      };
      const cold = await flood(1000, 1000, one);
      assert.deepEqual(new Set(cold), new Set([200]));
      assert.equal(cold.length, 1000);
      assert.equal((await scene.control.state()).tokenRequests, 1);
      const warm = await flood(1000, 100, one);
      assert.deepEqual(new Set(warm), new Set([200]));
      const { tokenRequests, discoveryRequests, jwksRequests } = await scene.control.state();
      assert.equal(tokenRequests, 1);
      assert.ok(discoveryRequests <= 1 && jwksRequests <= 1, 'metadata and keys were fetched once at most');
    });

    test('50 clients at once each get their own token, and one token request each', async () => {
      const at = await scene.protect(scene.guideConfig());
      const clients = await Promise.all(Array.from({ length: 50 }, () => scene.newClient()));
      await scene.control.fault({ endpoint: 'token', kind: 'slow', delayMs: 200 });
      await flood(500, 250, async (index) => {
        const client = clients[index % clients.length] ?? scene.client;
        const answer = await fetch(at.url, { headers: { authorization: basic(client.id, client.secret) } });
        const echoed = (await answer.json()) as { headers: Record<string, string> };
        const claims = claimsOf(String(echoed.headers['authorization']).replace('Bearer ', ''));
        assert.equal(claims['azp'], client.id);
        assert.equal(claims['sub'], `${client.id}@clients`);
        assert.equal(echoed.headers['x-credential-identifier'], `${client.id}@clients`);
        return answer.status;
      });
      const { tokenRequestsByClient } = await scene.control.state();
      for (const client of clients) assert.equal(tokenRequestsByClient[client.id], 1, client.id);
    });

    test('equal ids with another secret share nothing', async () => {
      const at = await scene.protect(scene.guideConfig());
      const client = await scene.newClient();
      assert.equal((await ask(at.url, client)).status, 200);
      for (let round = 0; round < 4; round += 1) {
        assert.equal((await ask(at.url, { id: client.id, secret: 'another-secret-entirely' })).status, 401);
        assert.equal((await ask(at.url, client)).status, 200);
      }
    });

    test('a secret changed at the provider is refused once the cached token ends', async () => {
      const at = await scene.protect(scene.guideConfig({ cache_ttl_max: 2 }));
      const client = await scene.newClient();
      assert.equal((await ask(at.url, client)).status, 200);
      await scene.control.putClient(client.id, {
        secret: 'changed-in-the-meantime',
        grants: [{ audience: scene.audience, scopes: [] }],
      });
      assert.equal((await ask(at.url, client)).status, 200, 'the token is still good');
      await eventually('the old secret is refused', async () => (await ask(at.url, client)).status === 401, 4000);
      assert.equal((await ask(at.url, { id: client.id, secret: 'changed-in-the-meantime' })).status, 200);
    });

    test('a refusal is forgotten after cache_ttl_neg, also when every worker asks all the time', async () => {
      const at = await scene.protect(scene.guideConfig({ cache_ttl_neg: 1 }));
      const late = { id: `late-${workers}`, secret: scene.remember('registered-only-later') };
      assert.equal((await ask(at.url, late)).status, 401);
      // The other worker hears of the refusal later, and must not keep it alive by that.
      await new Promise((resolve) => setTimeout(resolve, 600));
      await Promise.all(Array.from({ length: 20 }, () => ask(at.url, late)));
      assert.equal((await scene.control.state()).tokenRequests, 1, 'the refusal answers for itself meanwhile');
      await scene.control.putClient(late.id, {
        secret: late.secret,
        grants: [{ audience: scene.audience, scopes: [] }],
      });
      const hammer = async () =>
        (await Promise.all([1, 2, 3, 4].map(() => ask(at.url, late)))).every((a) => a.status === 200);
      await eventually('the client is let in', hammer, 2500);
    });

    test('the default negative time is five seconds at most', async () => {
      const at = await scene.protect(scene.guideConfig());
      const late = { id: `later-${workers}`, secret: scene.remember('registered-even-later') };
      assert.equal((await ask(at.url, late)).status, 401);
      await scene.control.putClient(late.id, {
        secret: late.secret,
        grants: [{ audience: scene.audience, scopes: [] }],
      });
      await eventually('the client is let in', async () => (await ask(at.url, late)).status === 200, 5500);
    });
  });
}

test('bearer and client credentials together: each presentation is judged by its own method', async () => {
  const scene = await startScene();
  try {
    const at = await scene.protect(scene.guideConfig({ auth_methods: ['client_credentials', 'bearer'] }));
    const withBasic = await scene.send(at.url, { headers: [scene.basic()] });
    assert.equal(withBasic.status, 200);
    const replayed = await scene.send(at.url, { headers: [bearer(upstreamToken(withBasic))] });
    assert.equal(replayed.status, 200);
    assert.equal(upstreamToken(replayed), upstreamToken(withBasic));
    const wrong = await scene.send(`${at.url}?client_id=${scene.client.id}&client_secret=${scene.client.secret}`, {
      headers: [bearer('eyJhbGciOiJub25lIn0.e30.')],
    });
    assert.equal(wrong.status, 401, 'a wrong token never falls through to the next method');
    const inJson = await scene.send(at.url, json({ client_id: scene.client.id, client_secret: scene.client.secret }));
    assert.equal(inJson.status, 200);
  } finally {
    await scene.stop();
  }
});
