import { settingChapters } from '../../src/settings/known-settings.ts';
import type { KnownSetting } from '../../src/settings/setting.ts';
import { defaultConfFiles } from '../../src/settings/sources.ts';
import { table } from './table.ts';

const introduction = `# Settings

Settings of the process come from a file, from environment variables and, for a few, from the command line.

- **File**: named with \`-c FILE\` (\`--conf FILE\`); else the first that exists of ${defaultConfFiles.map((path) => `\`${path}\``).join(', ')}. Lines are \`name = value\`; \`#\` starts a comment and \`\\#\` is a literal one.
- **Environment**: \`SALLYPORT_\` or \`KONG_\` and the name in upper case. \`SALLYPORT_X\` wins over \`KONG_X\`, and both win over the file.
- An **empty value** means unset.
- A **malformed value**, or an unknown name in the file or in \`SALLYPORT_*\`, stops the start, with every fault at once. An unknown \`KONG_*\` variable is one warning. Variables that Kubernetes makes for services (\`KONG_PORT_80_TCP\` and the like) are ignored.
- **Switches** are \`on\`, \`off\`, \`true\` or \`false\`; **lists** are separated by commas; **certificates** are a path, PEM text or base64 of PEM; **sizes** are bytes, or end in \`k\`, \`m\` or \`g\`; **times** are seconds, or end in \`ms\`, \`s\`, \`m\`, \`h\`, \`d\` or \`w\`.
- **Listeners** are \`ADDRESS:PORT\` with flags, separated by commas, or \`off\`. Honoured flags: \`ssl\`, \`reuseport\`, \`backlog=N\`, \`ipv6only\`. \`http2\` is accepted with a warning; \`proxy_protocol\` and \`udp\` are refused.

A running gateway reads its file anew when told so by \`sallyport reload\` or SIGHUP, and its declarative configuration
with it; log files are opened anew. The column *at reload* says what a new value does then: **now**: it is in force
without a dropped request; **restart**: it is named as one that needs a restart. When anything is wrong, everything
stays as it was. More workers are started; fewer need a restart, since a listener that closes under load would reset
connections that wait at it.

The names are those of \`kong.conf\`, so an existing file starts. The last column says what this version does with a name:
**yes**: honoured; **not yet**: known, and another value than the default is one warning at the start; **no**: belongs to a part
that Sallyport does not have, and is accepted in the same way.

\`sallyport dev\` differs in defaults only: it listens on loopback without TLS, and its \`prefix\` is \`./.sallyport\`.
`;

/** The page docs/reference/settings.md. */
export function settingsPage(): string {
  const chapters = settingChapters.map(({ title, settings }) => {
    const rows = settings.map((known) => [
      `\`${known.name}\``,
      formOf(known),
      defaultOf(known),
      known.meaning,
      statusOf(known),
      reloadOf(known),
    ]);
    return `## ${title}\n\n${table(['setting', 'form', 'default', 'meaning', 'honoured', 'at reload'], rows)}\n`;
  });
  return `${introduction}\n${chapters.join('\n')}`;
}

function formOf(known: KnownSetting): string {
  switch (known.kind) {
    case 'choice':
      return known.choices.map((choice) => `\`${choice}\``).join(', ');
    case 'boolean':
      return 'switch';
    case 'addresses':
      return 'list of IP addresses and networks';
    case 'workers':
      return '`auto` or a number';
    case 'log':
      return 'path, or `off`';
    case 'integer':
    case 'number':
      return known.max === Number.MAX_SAFE_INTEGER ? known.kind : `${known.kind}, ${known.min} to ${known.max}`;
    default:
      return known.kind;
  }
}

function defaultOf(known: KnownSetting): string {
  if (known.name === 'prefix') return '`$XDG_STATE_HOME/sallyport`, else `~/.local/state/sallyport`';
  return known.default === undefined ? '' : `\`${known.default}\``;
}

function statusOf(known: KnownSetting): string {
  if (known.honoured) return 'yes';
  return known.withoutMeaning ? 'no' : 'not yet';
}

function reloadOf(known: KnownSetting): string {
  if (!known.honoured) return '';
  return known.live ? 'now' : 'restart';
}
