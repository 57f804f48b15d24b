import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { guideCommands, guideSummary } from './guide-summary.ts';

const input = {
  proxyUrl: 'http://127.0.0.1:8000',
  adminUrl: 'http://127.0.0.1:8001',
  issuer: 'http://127.0.0.1:8010/',
  audience: 'https://example.com/',
  echoUrl: 'http://127.0.0.1:8020',
  stateDir: './.sallyport',
  client: { id: 'guide', secret: 's3cret' },
};

/** The words a shell makes of a line. */
function words(line: string): string[] {
  const script = `set -- ${line}\nfor word in "$@"; do printf '%s\\n' "$word"; done`;
  return execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
}

test('says where everything runs, and that the web page comes later', () => {
  const text = guideSummary({ ...input, color: false }).join('\n');
  for (const place of [input.proxyUrl, input.adminUrl, input.issuer, input.audience, input.echoUrl, input.stateDir]) {
    assert.ok(text.includes(place), place);
  }
  assert.match(text, /web page comes in a later version/);
  assert.match(text, /401.*secret is wrong/);
});

test('has each command on a line of its own', () => {
  const lines = guideSummary({ ...input, color: false }).map((line) => line.trim());
  for (const command of Object.values(guideCommands(input))) assert.ok(lines.includes(command), command);
  assert.equal(lines.filter((line) => line.startsWith('curl ')).length, 5);
});

test('without colour there is no escape sequence, with colour the commands stay plain', () => {
  assert.ok(
    !guideSummary({ ...input, color: false })
      .join('\n')
      .includes('\u001b'),
  );
  const coloured = guideSummary({ ...input, color: true });
  assert.ok(coloured.join('\n').includes('\u001b['));
  for (const line of coloured.filter((candidate) => candidate.includes('curl '))) assert.ok(!line.includes('\u001b'));
});

test('no line is wider than a terminal, commands aside', () => {
  const lines = guideSummary({ ...input, color: false }).filter((line) => !line.includes('curl '));
  assert.ok(Math.max(...lines.map((line) => line.length)) <= 120);
});

test('awkward credentials survive the shell and the URL', () => {
  const client = { id: "o'b $x", secret: 'a&b=c d"\\%+ü' };
  const commands = guideCommands({ ...input, client });
  assert.deepEqual(words(commands.basic), [
    'curl',
    '-i',
    '-u',
    `${client.id}:${client.secret}`,
    'http://127.0.0.1:8000/anything',
  ]);
  const query = new URL(words(commands.query)[2] ?? '').searchParams;
  assert.deepEqual(
    [...query],
    [
      ['client_id', client.id],
      ['client_secret', client.secret],
    ],
  );
  const form = new URLSearchParams(words(commands.form)[3]);
  assert.deepEqual(
    [...form],
    [
      ['client_id', client.id],
      ['client_secret', client.secret],
    ],
  );
});

test("with a provider of the user's own the lines hold placeholders and say so", () => {
  const { client: _client, echoUrl: _echoUrl, ...own } = input;
  const text = guideSummary({ ...own, issuer: 'https://tenant.example/', color: false }).join('\n');
  assert.match(text, /curl -i -u CLIENT_ID:CLIENT_SECRET/);
  assert.match(text, /your own client id and secret/);
  assert.ok(!text.includes('Upstream'));
});
