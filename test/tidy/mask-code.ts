/**
 * Blanks comments, strings, template text and regular expressions with spaces and keeps every other
 * character and all line breaks at its place, so that a rule about code is not met by prose.
 */
export function maskCode(text: string): string {
  const out = [...text.split('')];
  const blank = (from: number, to: number) => {
    for (let at = from; at < to; at++) if (out[at] !== '\n') out[at] = ' ';
  };
  // Depths of braces at which an enclosing template literal goes on.
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    const two = text.slice(at, at + 2);
    let end = at + 1;
    if (two === '//') {
      end = endOfLine(text, at);
      blank(at, end);
    } else if (two === '/*') {
      const close = text.indexOf('*/', at + 2);
      end = close === -1 ? text.length : close + 2;
      blank(at, end);
    } else if (char === "'" || char === '"') {
      end = endOfString(text, at);
      blank(at + 1, end - 1);
    } else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const stop = endOfTemplateText(text, at + 1);
      blank(at + 1, stop.end);
      end = stop.end + (stop.opens ? 2 : 1);
      if (stop.opens) templates.push(depth);
    } else if (char === '/' && startsRegex(out, at)) {
      end = endOfRegex(text, at);
      blank(at + 1, end - 1);
    } else if (char === '{') depth++;
    else if (char === '}') depth--;
    at = end;
  }
  return out.join('');
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

function endOfString(text: string, from: number): number {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote || text[at] === '\n') return at + 1;
  }
  return text.length;
}

/** Where template text ends: at its back tick, or at the `${` that opens an expression. */
function endOfTemplateText(text: string, from: number): { end: number; opens: boolean } {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return { end: at, opens: false };
    else if (text[at] === '$' && text[at + 1] === '{') return { end: at, opens: true };
  }
  return { end: text.length, opens: false };
}

/** After an operator, a comma or a keyword a slash begins a regular expression; after a value it divides. */
function startsRegex(masked: readonly string[], at: number): boolean {
  let before = at - 1;
  while (before >= 0 && /\s/.test(masked[before] ?? '')) before--;
  if (before < 0) return true;
  if (/[([{},;:=!&|?+\-*%<>~^]/.test(masked[before] ?? '')) return true;
  const word = /\b(return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/;
  return word.test(masked.slice(Math.max(0, before - 10), before + 1).join(''));
}

function endOfRegex(text: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '\n') return at;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at + 1;
  }
  return text.length;
}
