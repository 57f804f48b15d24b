import assert from 'node:assert/strict';
import { packageVersion } from '../../src/base/paths.ts';
import { AdminClient } from '../support/admin-client.ts';
import { startSallyport, type TestGateway } from '../support/gateway.ts';
import { RawClient } from '../support/raw-client.ts';
import { okAnswer, RecordingUpstream } from '../support/recording-upstream.ts';
import { readStrictResponse, type StrictResponse, valuesOf } from '../support/strict-grammar.ts';

const settleMs = 10_000;

/** A gateway in front of a recording upstream, with one route for every path. */
export class Bench {
  readonly gateway: TestGateway;
  readonly admin: AdminClient;
  readonly upstream: RecordingUpstream;
  readonly port: number;

  constructor(gateway: TestGateway, upstream: RecordingUpstream) {
    this.gateway = gateway;
    this.admin = new AdminClient(gateway.adminUrl);
    this.upstream = upstream;
    this.port = Number(new URL(gateway.proxyUrl).port);
  }

  connect(): RawClient {
    return new RawClient(this.port);
  }

  /** What the upstream got, with what differs from run to run replaced by words. */
  taken(): string {
    return this.named(this.upstream.take());
  }

  named(text: string): string {
    return text
      .replaceAll(`127.0.0.1:${this.upstream.port}`, 'UPSTREAM')
      .replaceAll(/X-Kong-Request-Id: [0-9a-f]{32}\r\n/g, 'X-Kong-Request-Id: ID\r\n')
      .replaceAll(`X-Forwarded-Port: ${this.port}\r\n`, 'X-Forwarded-Port: PORT\r\n');
  }

  /**
   * Everything that reached the upstream. A good request is sent after whatever came before, on a connection
   * of its own, and waited for: what is on its way has arrived by then.
   */
  async settled(): Promise<string> {
    this.upstream.answer = okAnswer;
    const path = '/this-one-comes-last';
    const client = this.connect();
    client.send(`GET ${path} HTTP/1.1\r\nHost: last.example\r\nConnection: close\r\n\r\n`);
    const text = await client.toEnd();
    client.destroy();
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/, 'the gateway still serves');
    const taken = this.taken();
    const last = forwarded({ line: `GET ${path} HTTP/1.1`, host: 'last.example', path });
    assert.ok(taken.includes(last), `the last request arrived unchanged: ${JSON.stringify(taken)}`);
    assert.deepEqual(this.upstream.faults, [], 'everything that reached the upstream is a strict request');
    return taken.replace(last, '');
  }

  async stop(): Promise<void> {
    const status = await this.gateway.stop();
    await this.upstream.stop();
    assert.equal(status, 0, this.gateway.log().slice(-2000));
    assert.doesNotMatch(this.gateway.log(), /worker\.(crash|silent)|proxy\.request\.fail/);
  }
}

export async function startBench(workers: number, env: Readonly<Record<string, string>> = {}): Promise<Bench> {
  const gateway = await startSallyport({ workers, env });
  const upstream = await new RecordingUpstream().start();
  const bench = new Bench(gateway, upstream);
  await bench.admin.must('POST', '/services', {
    name: 'raw',
    url: upstream.url,
    read_timeout: settleMs,
    retries: 0,
  });
  await bench.admin.must('POST', '/services/raw/routes', { name: 'every', paths: ['/'], strip_path: false });
  return bench;
}

export interface Forwarded {
  /** As sent upstream. */
  readonly line: string;
  /** The client's own fields that go through, as they were sent. */
  readonly fields?: string;
  /** `Host` of the client. */
  readonly host?: string;
  /** Path of the client's request line, as received. */
  readonly path: string;
  /** X-Forwarded-For of the client. */
  readonly forwardedFor?: string;
  readonly via?: string;
  readonly versionMinor?: 0 | 1;
  /** Framing fields and body. */
  readonly framing?: string;
  readonly body?: string;
}

/** The very bytes that the upstream gets for a request. */
export function forwarded(parts: Forwarded): string {
  const { host = 'a.example', forwardedFor, via, versionMinor = 1 } = parts;
  const own = `1.${versionMinor} sallyport/${packageVersion()}`;
  const fields = [
    'X-Real-IP: 127.0.0.1',
    `X-Forwarded-For: ${forwardedFor === undefined ? '' : `${forwardedFor}, `}127.0.0.1`,
    'X-Forwarded-Proto: http',
    `X-Forwarded-Host: ${host.replace(/:\d+$/, '').toLowerCase()}`,
    'X-Forwarded-Port: PORT',
    `X-Forwarded-Path: ${parts.path}`,
    `Via: ${via === undefined ? '' : `${via}, `}${own}`,
    'X-Kong-Request-Id: ID',
  ];
  const lines = `${parts.fields ?? ''}${fields.join('\r\n')}\r\n${parts.framing ?? ''}`;
  return `${parts.line}\r\nHost: UPSTREAM\r\n${lines}Connection: keep-alive\r\n\r\n${parts.body ?? ''}`;
}

/** The only response in the text, which has to be strict and followed by nothing. */
export function onlyResponse(text: string, method = 'GET'): StrictResponse {
  const responses = allResponses(text, [method]);
  assert.equal(responses.length, 1, JSON.stringify(text));
  const [response] = responses;
  assert.ok(response !== undefined);
  return response;
}

/** Every response in the text, each of which has to be strict and whole. */
export function allResponses(text: string, methods: readonly string[] = []): StrictResponse[] {
  const responses: StrictResponse[] = [];
  let rest = text;
  while (rest !== '') {
    const reading = readStrictResponse(rest, { method: methods[responses.length] ?? 'GET', closed: true });
    assert.ok(
      reading.kind === 'whole',
      `${reading.kind === 'invalid' ? reading.why : 'cut off'}: ${JSON.stringify(rest)}`,
    );
    responses.push(reading.message);
    rest = rest.slice(reading.message.end);
  }
  return responses;
}

/** One value of a field that may come once at most. */
export function fieldOf(response: StrictResponse, lower: string): string | undefined {
  const values = valuesOf(response.fields, lower);
  assert.ok(values.length < 2, `${lower} came ${values.length} times`);
  return values[0];
}
