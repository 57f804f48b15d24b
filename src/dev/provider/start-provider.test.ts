import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createProviderControl } from './control-client.ts';
import { startDefaultProvider, startLocalProvider } from './start-provider.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-start-'));
after(() => rmSync(root, { recursive: true }));

async function kids(issuer: string): Promise<string[]> {
  const jwks = (await (await fetch(`${issuer}.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
  return jwks.keys.map((key) => key.kid);
}

test('keys, clients and APIs are the same after a restart, in a file only its owner can read', async () => {
  const stateDir = join(root, 'kept');
  const first = await startLocalProvider({ stateDir });
  const control = createProviderControl(first.controlUrl);
  await control.putApi({ identifier: 'kept api', scopes: ['a'] });
  await control.putClient('kept', { secret: 's', grants: [{ audience: 'kept api', scopes: ['a'] }] });
  await control.rotateKeys();
  const published = await kids(first.issuer);
  await first.stop();
  assert.equal((await first.exited).expected, true);
  assert.equal(statSync(join(stateDir, 'oidc-provider.json')).mode & 0o777, 0o600);
  assert.equal(statSync(stateDir).mode & 0o777, 0o700);

  const second = await startLocalProvider({ stateDir, port: first.port });
  try {
    assert.equal(second.issuer, first.issuer);
    assert.deepEqual(await kids(second.issuer), published);
    assert.deepEqual(second.clients[0], first.clients[0]);
    assert.ok(second.clients.some((client) => client.id === 'kept' && client.secret === 's'));
    assert.ok(second.apis.some((api) => api.identifier === 'kept api'));
  } finally {
    await second.stop();
  }
});

test('a fresh provider has the example API and a client id and secret of its own', async () => {
  const [one, other] = await Promise.all([
    startLocalProvider({ stateDir: join(root, 'one') }),
    startLocalProvider({ stateDir: join(root, 'other') }),
  ]);
  await Promise.all([one.stop(), other.stop()]);
  assert.deepEqual(one.apis, [
    {
      identifier: 'https://example.com/',
      name: 'Example API',
      scopes: ['read:things', 'write:things'],
      tokenLifetimeSeconds: 86_400,
      ungrantedScopes: 'ignore',
    },
  ]);
  assert.match(one.clients[0].id, /^[A-Za-z0-9]{32}$/);
  assert.match(one.clients[0].secret, /^[\w-]{64}$/);
  assert.notEqual(one.clients[0].id, other.clients[0].id);
  assert.notEqual(one.clients[0].secret, other.clients[0].secret);
});

test('a busy port is an error that says so', async () => {
  const holder = await startDefaultProvider();
  try {
    await assert.rejects(startLocalProvider({ stateDir: join(root, 'busy'), port: holder.port }), {
      code: 'port_busy',
      message: new RegExp(`${holder.port}.*in use`),
    });
  } finally {
    await holder.stop();
  }
});

test('an address that others can reach and NODE_ENV=production are refused', async () => {
  await assert.rejects(startLocalProvider({ stateDir: root, host: '0.0.0.0' }), { code: 'not_loopback' });
  await assert.rejects(startLocalProvider({ stateDir: root, host: 'example.com' }), { code: 'not_loopback' });
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await assert.rejects(startLocalProvider({ stateDir: root }), { code: 'production' });
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
});

test('a broken state file stops the start, names the file and shows none of it', async () => {
  const stateDir = mkdtempSync(join(root, 'broken-'));
  const path = join(stateDir, 'oidc-provider.json');
  writeFileSync(path, '{"secret-part": tru');
  await assert.rejects(startLocalProvider({ stateDir }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'state_unusable');
    assert.ok(error.message.includes(path));
    assert.ok(!error.message.includes('secret-part'));
    return true;
  });
  assert.equal(readFileSync(path, 'utf8'), '{"secret-part": tru', 'the file is left for the user to look at');
});

test('the provider ends when its parent is killed', async () => {
  const module = new URL('./start-provider.ts', import.meta.url).href;
  const script = `
    const { startLocalProvider } = await import(${JSON.stringify(module)});
    const provider = await startLocalProvider({ stateDir: ${JSON.stringify(join(root, 'orphan'))} });
    console.log(JSON.stringify({ processId: provider.processId, issuer: provider.issuer }));
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const { processId, issuer } = JSON.parse(line.toString()) as { processId: number; issuer: string };
  assert.equal((await kids(issuer)).length, 1);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const deadlineMs = Date.now() + 3000;
  while (isAlive(processId) && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(isAlive(processId), false);
  await assert.rejects(kids(issuer));
});

test('an end that nobody asked for is reported', async () => {
  const provider = await startDefaultProvider();
  process.kill(provider.processId, 'SIGKILL');
  assert.equal((await provider.exited).expected, false);
  await provider.stop();
});

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
  } catch {
    return false;
  }
  // Where nobody reaps orphans, a dead process stays in the table as a zombie.
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}
