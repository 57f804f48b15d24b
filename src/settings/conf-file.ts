/** One assignment of a settings file. */
export interface ConfEntry {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/**
 * Reads `name = value` lines. `#` starts a comment anywhere in a line and `\#` is a literal one.
 * Nothing is looked up here; a line that is neither is a fault with its number.
 */
export function parseConfFile(text: string): { entries: ConfEntry[]; faults: string[] } {
  const entries: ConfEntry[] = [];
  const faults: string[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = withoutComment(raw).trim();
    if (content === '') continue;
    const equals = content.indexOf('=');
    const name = equals === -1 ? '' : content.slice(0, equals).trim();
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) {
      // The line is not quoted: what stands in a broken line may well be a secret.
      faults.push(`line ${line}: not understood; accepted are lines of the form name = value, and # comments`);
      continue;
    }
    entries.push({ name: name.toLowerCase(), value: content.slice(equals + 1).trim(), line });
  }
  return { entries, faults };
}

function withoutComment(line: string): string {
  const comment = /(?<!\\)#/.exec(line);
  const kept = comment === null ? line : line.slice(0, comment.index);
  return kept.replaceAll('\\#', '#');
}
