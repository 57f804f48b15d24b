import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type GuidePage, guideIndex, guidePages, missingLine, parsePage } from './page.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const pages = guidePages();

/** Pages that start a gateway like this, without settings, share one. They name their services apart. */
const plainStart = 'sallyport start\n';

/** Does what the page says, from top to bottom, and compares what it shows. */
async function follow(page: GuidePage, plainGateway: Terminal): Promise<void> {
  const sharing = page.blocks.some(({ script }) => script === plainStart);
  const terminal = await openTerminal(sharing ? plainGateway : undefined);
  try {
    for (const { kind, line, script, shown } of page.blocks) {
      if (script === plainStart) continue;
      if (kind === 'background') {
        await terminal.leaveRunning(script);
        continue;
      }
      const { status, stdout, stderr } = await terminal.run(script);
      const told = `${page.name}:${line}\n${script}\nprinted\n${stdout}${stderr}\n${(plainGateway.log + terminal.log).slice(-3000)}`;
      assert.equal(status, 0, told);
      const missing = missingLine(shown ?? '', stdout);
      assert.equal(missing, undefined, `without the line "${missing}": ${told}`);
    }
  } finally {
    await terminal.close();
  }
}

describe('what the guides say is what happens', { concurrency: 3 }, () => {
  let plainGateway: Terminal;
  before(async () => {
    plainGateway = await openTerminal();
    await plainGateway.leaveRunning(plainStart);
  });
  after(() => plainGateway.close());
  for (const page of pages) test(`the commands of ${page.name} print what it shows`, () => follow(page, plainGateway));
});

test('every guide has commands to run and shows what they print', () => {
  assert.ok(pages.length >= 10);
  const bare = pages.filter(({ blocks }) => !blocks.some(({ kind, shown }) => kind === 'run' && shown?.trim()));
  assert.deepEqual(
    bare.map(({ name }) => name),
    [],
  );
});

test('the index lists every guide', () => {
  const index = guideIndex();
  assert.deepEqual(
    pages.map(({ name }) => name).filter((name) => !index.includes(`(${name})`)),
    [],
  );
});

test('a sh block without a mark and an output without commands are refused', () => {
  assert.throws(() => parsePage('a.md', '# A\n\n```sh\nls\n```\n'), /a\.md:3: a sh block is run or background/);
  assert.throws(() => parsePage('a.md', '# A\n\n```text\nls\n```\n'), /a\.md:3: an output stands right below/);
  const between = '```sh run\nls\n```\n\nwords\n\n```text\nx\n```\n';
  assert.throws(() => parsePage('a.md', between), /an output stands right below/);
});

test('shown lines must all be printed, in their order; an ellipsis stands for any text', () => {
  assert.equal(missingLine('a …\nc\n', 'a b\r\nb\nc\n'), undefined);
  assert.equal(missingLine('c\na …\n', 'a b\nb\nc\n'), 'a …');
  assert.equal(missingLine('a\n', 'a b\n'), 'a');
  assert.equal(missingLine('[1.5]\n', '[1x5]\n'), '[1.5]');
});
