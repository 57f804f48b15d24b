import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { encodeName, type RecordType, recordTypes } from './message.ts';

export type TestRecord = { readonly ttl: number } & (
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'AAAA'; readonly groups: readonly number[] }
  | { readonly type: 'CNAME'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
);

/** What the server does about a name: records, a code, or nothing at all. */
export type TestAnswer =
  | { readonly records: readonly (TestRecord & { readonly name?: string })[]; readonly truncatedOverUdp?: boolean }
  | { readonly code: number }
  | 'silence'
  /** Answers with another id first, as somebody who guesses would. */
  | { readonly forgedFirst: readonly TestRecord[]; readonly records: readonly TestRecord[] };

export interface TestDnsServer {
  readonly port: number;
  /** `name type` of every question, in order. */
  readonly questions: string[];
  /** By `name type`, or by `name` for every type. What is not there has code 3. */
  readonly answers: Map<string, TestAnswer>;
  close(): Promise<void>;
}

/** A name server for tests on a free port of the loopback interface, over UDP and TCP. */
export async function startTestDnsServer(): Promise<TestDnsServer> {
  const questions: string[] = [];
  const answers = new Map<string, TestAnswer>();
  const respond = (query: Buffer, overTcp: boolean): Buffer[] => {
    const { name, type, end } = readQuestion(query);
    questions.push(`${name} ${type}`);
    const answer = answers.get(`${name} ${type}`) ?? answers.get(name) ?? { code: 3 };
    if (answer === 'silence') return [];
    if ('code' in answer) return [message(query, end, { code: answer.code, records: [], truncated: false })];
    if ('forgedFirst' in answer) {
      const forged = message(query, end, { code: 0, records: answer.forgedFirst, truncated: false });
      forged.writeUInt16BE((forged.readUInt16BE(0) + 1) & 0xffff, 0);
      return [forged, message(query, end, { code: 0, records: answer.records, truncated: false })];
    }
    const truncated = answer.truncatedOverUdp === true && !overTcp;
    return [message(query, end, { code: 0, records: truncated ? [] : answer.records, truncated })];
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes: Buffer) => {
      for (const response of respond(bytes.subarray(2), true)) {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(response.length);
        socket.write(Buffer.concat([length, response]));
      }
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const udp = createSocket('udp4');
  udp.on('message', (query, from) => {
    for (const response of respond(query, false)) udp.send(response, from.port, from.address);
  });
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  return {
    port,
    questions,
    answers,
    close: async () => {
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}

function readQuestion(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const code = query.readUInt16BE(at + 1);
  const type = Object.entries(recordTypes).find(([, number]) => number === code)?.[0] ?? String(code);
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function message(
  query: Buffer,
  questionEnd: number,
  answer: {
    readonly code: number;
    readonly records: readonly (TestRecord & { readonly name?: string })[];
    readonly truncated: boolean;
  },
): Buffer {
  const head = Buffer.from(query.subarray(0, questionEnd));
  head.writeUInt16BE(0x8180 | answer.code | (answer.truncated ? 0x0200 : 0), 2);
  head.writeUInt16BE(answer.records.length, 6);
  return Buffer.concat([head, ...answer.records.map(encodeRecord)]);
}

/** Without a name of its own a record points back to the question, as servers write it. */
function encodeRecord(record: TestRecord & { readonly name?: string }): Buffer {
  const name = record.name === undefined ? Buffer.from([0xc0, 12]) : (encodeName(record.name) ?? Buffer.alloc(1));
  const data = dataOf(record);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(recordTypes[record.type satisfies RecordType], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(record.ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

function dataOf(record: TestRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.address.split('.').map(Number));
    case 'AAAA': {
      const bytes = Buffer.alloc(16);
      for (const [index, group] of record.groups.entries()) bytes.writeUInt16BE(group, index * 2);
      return bytes;
    }
    case 'CNAME':
      return encodeName(record.target) ?? Buffer.alloc(1);
    case 'SRV': {
      const fixed = Buffer.alloc(6);
      fixed.writeUInt16BE(record.priority, 0);
      fixed.writeUInt16BE(record.weight, 2);
      fixed.writeUInt16BE(record.port, 4);
      return Buffer.concat([fixed, encodeName(record.target) ?? Buffer.alloc(1)]);
    }
  }
}
