import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Asked, nameOf, type RoutingScene, startRoutingScene, type WorldRoute } from './scene.ts';

/** Routes that are there alone, and what requests get. */
export interface World {
  readonly name: string;
  readonly routes: readonly WorldRoute[];
  readonly cases: readonly Case[];
}

export interface Case extends Asked {
  readonly name: string;
  /** Name of the route; null for 404. */
  readonly route: string | null;
  /** Request target as the upstream got it. */
  readonly sends?: string;
  /** Of the answer; 200, or 404 without a route, unless given. */
  readonly status?: number;
  /** Fields of the upstream request; undefined for what must not be there. `echo` in a value stands for its host. */
  readonly upstream?: Readonly<Record<string, string | undefined>>;
  /** Fields of the answer. */
  readonly answer?: Readonly<Record<string, string | undefined>>;
  readonly message?: string;
}

/** Every case as a test of its own, on a gateway with that many workers. */
export function routingSuite(workers: number, worlds: readonly World[]): void {
  describe(`routing over the wire with ${workers} ${workers === 1 ? 'worker' : 'workers'}`, () => {
    let scene: RoutingScene;
    before(async () => {
      scene = await startRoutingScene(workers);
    });
    after(async () => {
      const status = await scene.stop();
      assert.equal(status, 0, scene.log().slice(-2000));
      assert.doesNotMatch(scene.log(), /proxy\.request\.fail/);
    });
    for (const world of worlds) {
      describe(world.name, () => {
        before(() => scene.load(world.routes));
        for (const one of world.cases) test(one.name, () => check(scene, one));
      });
    }
  });
}

async function check(scene: RoutingScene, one: Case): Promise<void> {
  const seenBefore = scene.requestsSeen;
  const answer = await scene.ask(one);
  const status = one.status ?? (one.route === null ? 404 : 200);
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers['kong-route-name'] ?? null, one.route === null ? null : nameOf(one.route));
  if (one.route === null && status === 404) assert.equal(answer.message, 'no Route matched with those values');
  if (one.message !== undefined) assert.equal(answer.message, one.message);
  if (status !== 200) assert.equal(scene.requestsSeen, seenBefore, 'an upstream saw the request');
  if (one.sends !== undefined) assert.equal(answer.echoed?.url, one.sends);
  for (const [name, value] of Object.entries(one.upstream ?? {})) {
    assert.equal(answer.echoed?.headers[name], value?.replace('{echo}', scene.echoHost), `upstream field ${name}`);
  }
  for (const [name, value] of Object.entries(one.answer ?? {})) {
    assert.equal(answer.headers[name], value, `field ${name} of the answer`);
  }
}
