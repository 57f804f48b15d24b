import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestRecord } from '../../src/balancer/dns/testing-dns-server.ts';
import { temporaryPrefix } from '../support/gateway.ts';
import { eventually } from '../support/wire.ts';
import type { Backend } from './backend.ts';
import { type BalancingScene, type Place, startBalancingScene } from './scene.ts';

const local = (ttl: number): TestRecord => ({ type: 'A', ttl, address: '127.0.0.1' });

/** One backend behind a gateway with these settings. */
async function withSettings(
  env: Record<string, string>,
  run: (scene: BalancingScene, backend: Backend) => Promise<void>,
): Promise<void> {
  const scene = await startBalancingScene(1, env);
  try {
    const [backend] = await scene.backends(1);
    assert.ok(backend !== undefined);
    await run(scene, backend);
  } finally {
    await scene.stop();
  }
}

const asked = (scene: BalancingScene, question: string) =>
  scene.dns.questions.filter((other) => other === question).length;

/** Keeps asking, so that an answer too old is noticed; true once the name was looked up that often. */
const untilAsked = (scene: BalancingScene, place: Place, question: string, times: number) =>
  eventually(
    `${question} is asked ${times} times`,
    async () => {
      await scene.ask(place);
      return asked(scene, question) >= times;
    },
    20_000,
  );

describe('settings of name resolution', () => {
  test('dns_order says which records are asked for', async () => {
    await withSettings({ KONG_DNS_ORDER: 'A' }, async (scene, backend) => {
      scene.dns.answers.set('plain.example A', { records: [local(600)] });
      assert.equal(await scene.ask(await scene.serve(`http://plain.example:${backend.port}`)), 'a');
      assert.deepEqual(scene.dns.questions, ['plain.example A']);
    });
  });

  test('dns_hostsfile is read before anybody is asked', async () => {
    const hosts = join(temporaryPrefix(), 'hosts');
    writeFileSync(hosts, '127.0.0.1 told.example\n');
    await withSettings({ KONG_DNS_HOSTSFILE: hosts }, async (scene, backend) => {
      assert.equal(await scene.ask(await scene.serve(`http://told.example:${backend.port}`)), 'a');
      assert.deepEqual(scene.dns.questions, []);
    });
  });

  test('dns_valid_ttl takes the place of the TTL of records', async () => {
    await withSettings({ KONG_DNS_VALID_TTL: '1', KONG_DNS_ORDER: 'A' }, async (scene, backend) => {
      scene.dns.answers.set('long.example A', { records: [local(3600)] });
      await untilAsked(scene, await scene.serve(`http://long.example:${backend.port}`), 'long.example A', 3);
    });
  });

  test('dns_not_found_ttl and dns_error_ttl say when a failure is asked about again', async () => {
    const env = { KONG_DNS_NOT_FOUND_TTL: '1', KONG_DNS_ERROR_TTL: '3600', KONG_DNS_ORDER: 'A' };
    await withSettings(env, async (scene) => {
      const unknown = await scene.serve('http://unknown.example');
      scene.dns.answers.set('failing.example A', { code: 5 });
      const failing = await scene.serve('http://failing.example');
      await scene.ask(failing);
      const failures = asked(scene, 'failing.example A');
      await untilAsked(scene, unknown, 'unknown.example A', 3);
      assert.match(await scene.ask(failing), /^500 failed the initial/);
      assert.equal(asked(scene, 'failing.example A'), failures);
    });
  });

  test('dns_stale_ttl of 0 lets no answer serve after its TTL', async () => {
    await withSettings({ KONG_DNS_STALE_TTL: '0', KONG_DNS_ORDER: 'A' }, async (scene, backend) => {
      scene.dns.answers.set('short.example A', { records: [local(1)] });
      const place = await scene.serve(`http://short.example:${backend.port}`);
      assert.equal(await scene.ask(place), 'a');
      scene.dns.answers.set('short.example A', { code: 2 });
      await eventually('it is over', async () => (await scene.ask(place)).startsWith('500'), 20_000);
    });
  });
});
