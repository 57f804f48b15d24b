import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AdminClient } from '../support/admin-client.ts';
import { freePort, sallyport, temporaryPrefix, withoutSettings } from '../support/gateway.ts';
import { eventually, isClosed } from '../support/wire.ts';

const readyMs = 5000;

interface Ports {
  readonly proxy: number;
  readonly admin: number;
  readonly provider: number;
  readonly echo: number;
}

interface Dev {
  readonly process: ChildProcess;
  readonly readyAfterMs: number;
  /** The printed commands, without their indentation. */
  readonly commands: readonly string[];
  output(): string;
  /** What Ctrl-C in a terminal does: SIGINT to the whole process group. Resolves with the exit status. */
  interrupt(): Promise<number | null>;
}

const groups = new Set<number>();
process.on('exit', () => {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // Ended already.
    }
  }
});

function runDev(prefix: string, ports: Ports, more: readonly string[] = []) {
  const args = ['dev', '--prefix', prefix, ...more];
  for (const [name, port] of Object.entries(ports)) args.push(`--${name}-port`, String(port));
  const child = spawn(sallyport, args, { detached: true, env: withoutSettings(process.env), stdio: 'pipe' });
  const group = child.pid ?? 0;
  groups.add(group);
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    text.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  ended.then(() => groups.delete(group));
  return { child, text, ended };
}

async function startDev(prefix: string, ports: Ports, more: readonly string[] = []): Promise<Dev> {
  const startedAt = performance.now();
  const { child, text, ended } = runDev(prefix, ports, more);
  const done = ended.then((status) => {
    throw new Error(`dev ended with ${status}: ${text.stdout}${text.stderr}`);
  });
  done.catch(() => undefined);
  await Promise.race([eventually('the summary', () => text.stdout.includes('Ctrl-C'), 20_000), done]);
  return {
    process: child,
    readyAfterMs: performance.now() - startedAt,
    commands: text.stdout
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('curl ')),
    output: () => text.stdout + text.stderr,
    async interrupt() {
      process.kill(-(child.pid ?? 0), 'SIGINT');
      return ended;
    },
  };
}

function shell(command: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { env: { ...process.env, NO_PROXY: '*' } }, (_error, stdout, stderr) =>
      resolve(stdout === '' ? stderr : stdout),
    );
  });
}

/** Ids of the processes that this one has started, where the system shows them. */
function childIds(id: number): number[] {
  try {
    return readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

async function freePorts(): Promise<Ports> {
  return { proxy: await freePort(), admin: await freePort(), provider: await freePort(), echo: await freePort() };
}

const secretIn = (commands: readonly string[]) => /-u '?[^:]+:([^' ]+)'? /.exec(commands[0] ?? '')?.[1];

describe('sallyport dev', () => {
  const prefix = join(temporaryPrefix(), 'state');
  let ports: Ports;
  let dev: Dev;
  before(async () => {
    ports = await freePorts();
    dev = await startDev(prefix, ports);
  });
  after(async () => void (await dev.interrupt()));

  const admin = () => new AdminClient(`http://127.0.0.1:${ports.admin}`);
  const serviceId = async () => (await admin().get('/services/guide-service')).body?.['id'];

  test('is ready within five seconds and prints what runs where, without colour codes', () => {
    assert.ok(dev.readyAfterMs < readyMs, `${Math.round(dev.readyAfterMs)} ms`);
    const output = dev.output();
    assert.ok(!output.includes('\u001b'), 'no escape sequence when the output is no terminal');
    for (const port of Object.values(ports)) assert.ok(output.includes(`:${port}`), `port ${port}`);
    assert.ok(output.includes('https://example.com/'));
    assert.ok(output.includes(prefix));
    assert.match(output, /web page comes in a later version/);
    // Whole words: a secret is random letters and may hold any of them.
    assert.ok(!/\b(?:undefined|NaN)\b|\[object/.test(output), output);
  });

  test('its curl lines, pasted one by one, give what is printed', async () => {
    assert.equal(dev.commands.length, 5, dev.output());
    const [asBasic = '', inQuery = '', inForm = '', refused = '', decision = ''] = dev.commands;
    for (const command of [asBasic, inQuery, inForm]) {
      const answer = await shell(command);
      assert.match(answer, /^HTTP\/1\.1 200 /, `${command}\n${answer}`);
      assert.match(answer, /"authorization": "Bearer ey/);
      assert.ok(!answer.includes(secretIn(dev.commands) ?? 'x'), 'the upstream does not see the secret');
    }
    const refusal = await shell(refused);
    assert.match(refusal, /^HTTP\/1\.1 401 /);
    assert.match(
      refusal,
      /\r\nwww-authenticate: Bearer .*error="invalid_token", error_description="provider\.grant: /i,
    );
    const records = JSON.parse(await shell(decision));
    assert.equal(records.data.length, 1);
    assert.equal(records.data[0].failed, 'provider.grant');
    assert.equal(records.data[0].request_id, /\r\nx-kong-request-id: (\S+)/i.exec(refusal)?.[1]);
  });

  test('Ctrl-C stops gateway, provider and echo; the state survives and --reset starts over', async () => {
    const before = { secret: secretIn(dev.commands), service: await serviceId() };
    assert.ok(before.secret !== undefined && typeof before.service === 'string');
    const children = childIds(dev.process.pid ?? 0);
    assert.equal(await dev.interrupt(), 0);
    for (const port of Object.values(ports)) assert.ok(await isClosed(port), `port ${port} is closed`);
    for (const file of readdirSync(join(prefix, 'logs'))) {
      const log = readFileSync(join(prefix, 'logs', file), 'utf8');
      assert.ok(!log.includes(before.secret), `${file} holds no secret`);
    }
    for (const id of children) await eventually(`the end of process ${id}`, () => !isAlive(id), 2000);

    dev = await startDev(prefix, ports, ['--workers', '2']);
    assert.equal(secretIn(dev.commands), before.secret);
    assert.equal(await serviceId(), before.service);
    assert.match(await shell(dev.commands[0] ?? ''), /^HTTP\/1\.1 200 /);
    const services = (await admin().get('/services')).body?.['data'] as unknown as unknown[];
    assert.equal(services.length, 1, 'the guide is not set up twice');
    assert.equal(await dev.interrupt(), 0);

    dev = await startDev(prefix, ports, ['--reset']);
    assert.notEqual(secretIn(dev.commands), before.secret);
    assert.notEqual(await serviceId(), before.service);
    assert.match(await shell(dev.commands[0] ?? ''), /^HTTP\/1\.1 200 /);
  });
});

for (const name of ['proxy', 'admin', 'provider', 'echo'] as const) {
  test(`dev with a busy ${name} port says which and ends with status 1`, async () => {
    const ports = await freePorts();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(ports[name], '127.0.0.1', resolve));
    try {
      const { text, ended } = runDev(join(temporaryPrefix(), 'state'), ports);
      assert.equal(await ended, 1, text.stderr);
      const lines = text.stderr.trim().split('\n');
      assert.ok(
        lines.some((line) => line.includes(String(ports[name])) && /in use/.test(line)),
        text.stderr,
      );
      assert.ok(!/\n {4}at /.test(text.stderr), `a sentence, not a stack trace: ${text.stderr}`);
      assert.ok(!text.stdout.includes('curl'), 'nothing is promised');
      for (const [other, port] of Object.entries(ports)) {
        if (other !== name) assert.ok(await isClosed(port), `the ${other} port is closed again`);
      }
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });
}
