/** One user-visible change: a file of `changes/`. */
export interface Change {
  readonly kind: 'added' | 'changed' | 'fixed' | 'security';
  readonly area: string;
  readonly sentence: string;
}

const kinds: Readonly<Record<Change['kind'], string>> = {
  security: 'Security',
  added: 'Added',
  changed: 'Changed',
  fixed: 'Fixed',
};

/** Reads one entry (`kind:` and `area:` lines, a blank line, one sentence). Throws with the reason when it is malformed. */
export function parseChange(name: string, text: string): Change {
  const match = /^kind: *(\S+)\narea: *([a-z][a-z0-9-]*)\n\n(\S[\s\S]*?)\n*$/.exec(text);
  if (match === null) throw new Error(`changes/${name}: not of the form "kind: …", "area: …", blank line, sentence`);
  const [, kind = '', area = '', body = ''] = match;
  const sentence = body.replace(/\s*\n\s*/g, ' ');
  if (!isKind(kind)) throw new Error(`changes/${name}: kind "${kind}" is none of ${Object.keys(kinds).join(', ')}`);
  if (!/^[A-Z`]/.test(sentence) || !sentence.endsWith('.')) throw new Error(`changes/${name}: not a whole sentence`);
  if (sentence.length > 400) throw new Error(`changes/${name}: longer than 400 characters`);
  return { kind, area, sentence };
}

function isKind(kind: string): kind is Change['kind'] {
  return kind in kinds;
}

/** The changelog: what is not released yet, grouped by kind, sorted by area. */
export function renderChangelog(changes: readonly Change[]): string {
  const parts = [
    '# Changelog',
    '',
    'Generated from `changes/` by `npm run docs`; do not edit.',
    '',
    '## Unreleased',
    '',
  ];
  for (const [kind, title] of Object.entries(kinds)) {
    const own = changes.filter((change) => change.kind === kind);
    if (own.length === 0) continue;
    own.sort(
      (left, right) => left.area.localeCompare(right.area, 'en') || left.sentence.localeCompare(right.sentence, 'en'),
    );
    parts.push(`### ${title}`, '', ...own.map(({ area, sentence }) => `- **${area}**: ${sentence}`), '');
  }
  return parts.join('\n');
}
