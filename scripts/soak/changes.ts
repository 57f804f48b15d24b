import type { EchoUpstream } from '../../src/dev/echo.ts';
import type { Scene } from '../../test/support/scene.ts';

/** Names of what every soak has and its changes turn over. */
export interface Grounds {
  readonly scene: Scene;
  readonly secondEcho: EchoUpstream;
  /** Path through an upstream with targets. */
  readonly balancedPath: string;
  readonly busyRoute: string;
}

/** A service behind an upstream with two targets, beside what the scene offers. */
export async function prepareGrounds(scene: Scene, secondEcho: EchoUpstream, busyRoute: string): Promise<Grounds> {
  await scene.admin.must('POST', '/upstreams', { name: 'soak-upstream' });
  for (const url of [scene.echo.url, secondEcho.url])
    await scene.admin.must('POST', '/upstreams/soak-upstream/targets', { target: new URL(url).host, weight: 100 });
  await scene.admin.must('POST', '/services', { name: 'soak-balanced', host: 'soak-upstream' });
  const balancedPath = '/soak-balanced';
  await scene.admin.must('POST', '/services/soak-balanced/routes', { name: 'soak-balanced', paths: [balancedPath] });
  return { scene, secondEcho, balancedPath, busyRoute };
}

type Change = (grounds: Grounds, index: number) => Promise<number>;

/** A route comes with a plugin of its own and goes again. */
const routes: Change = async ({ scene }, index) => {
  const { admin } = scene;
  const name = `soak-${index}`;
  await admin.must('PUT', `/services/service-1/routes/${name}`, { paths: [`/${name}`], regex_priority: index % 5 });
  await admin.must('PATCH', `/routes/${name}`, { paths: [`/${name}`, `~/${name}/\\d+`] });
  await admin.must('POST', `/routes/${name}/plugins`, { name: 'openid-connect', config: scene.bearerConfig() });
  await admin.must('DELETE', `/routes/${name}`);
  return 4;
};

/** One of two targets goes and comes back, and the way to choose between them changes. */
const targets: Change = async ({ scene: { admin }, secondEcho }, index) => {
  const { host } = new URL(secondEcho.url);
  const of = '/upstreams/soak-upstream';
  await admin.must('DELETE', `${of}/targets/${host}`);
  await admin.must('PATCH', of, { algorithm: index % 2 === 0 ? 'least-connections' : 'round-robin' });
  await admin.must('POST', `${of}/targets`, { target: host, weight: 50 + (index % 100) });
  await admin.must('PATCH', of, { slots: 1000 + (index % 50) });
  return 4;
};

/** Plugins of a busy route come, change and go. */
const plugins: Change = async ({ scene: { admin }, busyRoute }, index) => {
  const made = await admin.must('POST', `/routes/${busyRoute}/plugins`, {
    name: 'correlation-id',
    config: { header_name: `X-Soak-${index % 7}`, echo_downstream: true },
  });
  await admin.must('PATCH', `/plugins/${made?.['id']}`, { config: { generator: 'uuid#counter' } });
  await admin.must('PATCH', `/routes/${busyRoute}`, { tags: [`t${index}`] });
  await admin.must('DELETE', `/plugins/${made?.['id']}`);
  return 4;
};

/** Callers and their keys. */
const consumers: Change = async ({ scene: { admin } }, index) => {
  const name = `soak-caller-${index}`;
  await admin.must('PUT', `/consumers/${name}`, { custom_id: `c-${index}` });
  await admin.must('POST', `/consumers/${name}/key-auth`, { key: `soak-key-${index}-abcdefgh` });
  await admin.must('POST', `/consumers/${name}/acls`, { group: `group-${index % 10}` });
  await admin.must('DELETE', `/consumers/${name}`);
  return 4;
};

const services: Change = async ({ scene: { admin } }, index) => {
  await admin.must('PATCH', '/services/service-1', { retries: index % 9 });
  await admin.must('PATCH', '/services/soak-balanced', { read_timeout: 50_000 + (index % 1000) });
  return 2;
};

const kinds: readonly Change[] = [routes, targets, plugins, consumers, services];

/** Carries out a few changes of one kind, each in force when this resolves, and gives their number. */
export function change(grounds: Grounds, index: number): Promise<number> {
  return kinds[index % kinds.length]?.(grounds, index) ?? Promise.resolve(0);
}
