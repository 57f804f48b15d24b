import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** Line that ends the report; what follows is a JSON object with the totals. */
export const totalsMark = '#totals ';

const outputKept = 60;

/**
 * Reporter for `node --test`: silent about what passes, complete about what fails (name, file, error,
 * the last lines its file printed), and one closing line with the totals for the calling script.
 */
export default async function* failureReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const printed = new Map<string, string[]>();
  let totals: unknown;
  for await (const event of source) {
    if (event.type === 'test:stdout' || event.type === 'test:stderr') {
      const lines = [...(printed.get(event.data.file) ?? []), event.data.message];
      printed.set(event.data.file, lines.slice(-outputKept));
    } else if (event.type === 'test:fail' && event.data.details.type !== 'suite') {
      yield describeFailure(event.data, printed.get(event.data.file ?? '') ?? []);
    } else if (event.type === 'test:summary' && event.data.file === undefined) {
      totals = event.data.counts;
    }
  }
  yield `${totalsMark}${JSON.stringify(totals ?? null)}\n`;
}

function describeFailure(
  data: { name: string; file?: string | undefined; line?: number | undefined; details: { error: unknown } },
  output: readonly string[],
): string {
  const place = data.file === undefined ? '' : ` (${relative(process.cwd(), data.file)}:${data.line ?? 0})`;
  const { error } = data.details;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const said = output.length === 0 ? '' : `\n  it printed:\n${indent(output.join('').trimEnd())}`;
  return `✖ ${data.name}${place}\n${indent(reason)}${said}\n\n`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
