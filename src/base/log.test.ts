import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { limits } from './limits.ts';
import { createLogger, type LogFields, type LogLevel, printableFields } from './log.ts';
import { Secret } from './secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'log-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function written(level: LogLevel, write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const destination = join(folder, `${++files}.log`);
  write(createLogger({ level, name: 'part', destination }));
  const lines = readFileSync(destination, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}

test('a line is one JSON object with level, time, name, event and fields', () => {
  const [line] = written('info', (log) => log.info('proxy.listener.opened', { port: 8000 }));
  assert.deepEqual(
    { ...line, time: '' },
    { level: 'info', time: '', name: 'part', event: 'proxy.listener.opened', port: 8000 },
  );
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('levels below the threshold are not written and do not touch their fields', () => {
  const lines = written('warn', (log) => {
    const untouchable = new Proxy({}, { ownKeys: () => assert.fail('was read') });
    log.debug('a.b.c', untouchable);
    log.info('a.b.c', untouchable);
    log.warn('a.b.d');
    log.error('a.b.e');
  });
  assert.deepEqual(
    lines.map((line) => [line['level'], line['event']]),
    [
      ['warn', 'a.b.d'],
      ['error', 'a.b.e'],
    ],
  );
});

test('secrets never reach the line, under whatever name and however deep', () => {
  const fields: LogFields = {
    client_secret: 's3cret',
    authorization: 's3cret',
    clientSecret: 's3cret',
    'set-cookie': ['s3cret'],
    nested: { access_token: 's3cret', list: [{ password: 's3cret' }], id_tokens: { a: 's3cret' } },
    map: new Map([['private_key', 's3cret']]),
    harmless: new Secret('s3cret'),
    where: new URL('https://u:s3cret@example.com/a?client_secret=s3cret'),
    bytes: Buffer.from('s3cret'),
  };
  const [line] = written('info', (log) => log.info('a.b.c', fields));
  assert.ok(!JSON.stringify(line).includes('s3cret'), JSON.stringify(line));
  assert.equal(line?.['client_secret'], '[redacted]');
  assert.equal(line?.['where'], 'https://example.com/a');
});

test('names that only mention a token are printed', () => {
  const fields = { token_endpoint: 'https://op/token', tokens: 3, cookies: true, key_id: 'k1' };
  assert.deepEqual(printableFields(fields), fields);
});

test('a field cannot take the place of level, time, event or name', () => {
  assert.deepEqual(printableFields({ event: 'x', level: 1 }), { event_: 'x', level_: 1 });
});

test('errors are printed with their causes, and nothing that throws ends the caller', () => {
  const hostile = {
    get trap(): string {
      throw new Error('no');
    },
  };
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const printed = printableFields({
    error: new Error('failed', { cause }),
    hostile,
    circular,
    big: 1n,
    nan: Number.NaN,
  });
  const text = JSON.stringify(printed);
  assert.match(text, /"message":"failed".*"code":"ECONNREFUSED"/);
  assert.match(text, /"hostile":"\[unprintable\]"/);
  assert.match(text, /\[too deep\]/);
});

test('long texts and large objects are cut', () => {
  const printed = printableFields({
    text: 'x'.repeat(limits.logTextMax * 2),
    many: Array.from({ length: 1000 }, (_, index) => index),
  });
  assert.equal(String(printed['text']).length, limits.logTextMax + 1);
  assert.equal((printed['many'] as unknown[]).length, limits.logFieldsMax);
});

test('the folder of a log file is made', () => {
  const destination = join(folder, 'logs', 'error.log');
  createLogger({ level: 'info', destination }).error('a.b.c');
  assert.match(readFileSync(destination, 'utf8'), /"event":"a\.b\.c"/);
});

test('a file that cannot be opened is an error at once', () => {
  assert.throws(() => createLogger({ level: 'info', destination: folder }), { code: 'EISDIR' });
});

test('a changed level is in force for whoever holds the logger', () => {
  const lines = written('warn', (log) => {
    log.info('a.b.before');
    log.setLevel('info');
    log.info('a.b.after');
    log.setLevel('error');
    log.warn('a.b.late');
  });
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['a.b.after'],
  );
});

test('after a rotation lines go on in the file of that name', () => {
  const destination = join(folder, 'rotated.log');
  const log = createLogger({ level: 'info', destination });
  log.info('a.b.first');
  renameSync(destination, `${destination}.1`);
  log.info('a.b.second');
  log.reopen();
  log.info('a.b.third');
  assert.match(readFileSync(`${destination}.1`, 'utf8'), /a\.b\.second/);
  assert.match(readFileSync(destination, 'utf8'), /^[^\n]*a\.b\.third[^\n]*\n$/);
});
