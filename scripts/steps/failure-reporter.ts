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
  const failedFiles = new Set<string>();
  let totals: unknown;
  for await (const event of source) {
    if (event.type === 'test:stdout' || event.type === 'test:stderr') {
      const file = relative(process.cwd(), event.data.file);
      const lines = [...(printed.get(file) ?? []), event.data.message];
      printed.set(file, lines.slice(-outputKept));
    } else if (event.type === 'test:fail' && event.data.details.type !== 'suite') {
      failedFiles.add(relative(process.cwd(), event.data.file ?? event.data.name));
      yield describeFailure(event.data);
    } else if (event.type === 'test:summary' && event.data.file === undefined) {
      totals = event.data.counts;
    }
  }
  // Only now: what a file prints may arrive after the event that says that it failed.
  for (const file of failedFiles) {
    const lines = printed.get(file);
    if (lines !== undefined) yield `${file} printed:\n${indent(lines.join('').trimEnd())}\n\n`;
  }
  yield `${totalsMark}${JSON.stringify(totals ?? null)}\n`;
}

function describeFailure(data: {
  name: string;
  file?: string | undefined;
  line?: number | undefined;
  details: { error: unknown };
}): string {
  const place = data.file === undefined ? '' : ` (${relative(process.cwd(), data.file)}:${data.line ?? 0})`;
  const { error } = data.details;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return `✖ ${data.name}${place}\n${indent(reason)}\n\n`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
