import { styleText } from 'node:util';

export interface GuideSummaryInput {
  readonly proxyUrl: string;
  readonly adminUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** Absent when the upstream is not ours. */
  readonly echoUrl?: string;
  readonly stateDir: string;
  /** The client whose credentials the lines use. Absent with a provider of the user's own: placeholders. */
  readonly client?: { readonly id: string; readonly secret: string };
  /** False leaves no escape sequence in the output. */
  readonly color: boolean;
}

/** The lines `sallyport dev` prints when everything runs. The four `curl` commands are one line each. */
export function guideSummary(input: GuideSummaryInput): string[] {
  const paint = painter(input.color);
  const client = input.client ?? { id: 'CLIENT_ID', secret: 'CLIENT_SECRET' };
  const commands = guideCommands({ proxyUrl: input.proxyUrl, adminUrl: input.adminUrl, client });
  const provider = input.client === undefined ? 'your own provider' : 'local OpenID provider, like an Auth0 tenant';
  const rows: [string, string, string][] = [
    ['Proxy', input.proxyUrl, 'callers come here'],
    ['Admin API', input.adminUrl, 'also under /kong-admin'],
    ['Issuer', input.issuer, provider],
    ['Audience', input.audience, 'the API that tokens are asked for'],
  ];
  if (input.echoUrl !== undefined) rows.push(['Upstream', input.echoUrl, 'answers what it received']);
  rows.push(['State', input.stateDir, 'kept; start over with --reset']);
  return [
    '',
    `  ${paint('bold', 'Sallyport is ready.')}`,
    '',
    ...table(rows, paint),
    '',
    `  ${paint('bold', 'Try it.')} Each answers ${paint('green', '200')}: the gateway takes the client's id and secret, gets a token and hands it on.`,
    ...(input.client === undefined ? ['  Put your own client id and secret in first.'] : []),
    '',
    `  ${paint('dim', '# credentials as Basic')}`,
    `  ${commands.basic}`,
    `  ${paint('dim', '# in the query')}`,
    `  ${commands.query}`,
    `  ${paint('dim', '# in a form')}`,
    `  ${commands.form}`,
    '',
    `  ${paint('bold', 'Refused')} with ${paint('red', '401')}: the secret is wrong, so the provider refuses the client. The answer names the check that failed;`,
    '  the second command shows the whole decision.',
    '',
    `  ${commands.refused}`,
    `  ${commands.decision}`,
    '',
    `  ${paint('dim', 'The web page comes in a later version. Ctrl-C stops everything.')}`,
    '',
  ];
}

/** The guide's commands, ready for a POSIX shell, without indentation or colour. */
export function guideCommands(input: {
  proxyUrl: string;
  adminUrl: string;
  client: { readonly id: string; readonly secret: string };
}): { basic: string; query: string; form: string; refused: string; decision: string } {
  const { id, secret } = input.client;
  const target = `${input.proxyUrl.replace(/\/+$/, '')}/anything`;
  const pair = new URLSearchParams({ client_id: id, client_secret: secret }).toString();
  return {
    basic: `curl -i -u ${quote(`${id}:${secret}`)} ${quote(target)}`,
    query: `curl -i ${quote(`${target}?${pair}`)}`,
    form: `curl -i -d ${quote(pair)} ${quote(target)}`,
    refused: `curl -i -u ${quote(`${id}:wrong-secret`)} ${quote(target)}`,
    decision: `curl -s ${quote(`${input.adminUrl.replace(/\/+$/, '')}/decisions?verdict=refused&size=1`)}`,
  };
}

type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan';
type Paint = (style: Style, text: string) => string;

function painter(color: boolean): Paint {
  // Whether colour is wanted was decided by the caller; the stream's own state must not change it.
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

function table(rows: readonly [string, string, string][], paint: Paint): string[] {
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  return rows.map(
    ([name, value, note]) =>
      `  ${name.padEnd(nameWidth)}  ${paint('cyan', value)}${' '.repeat(valueWidth - value.length)}  ${paint('dim', note)}`,
  );
}

/** Quotes for a POSIX shell; what needs no quotes stays readable. */
function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
