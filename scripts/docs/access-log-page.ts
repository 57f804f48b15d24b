import { accessLogFieldNames, defaultAccessLogFields } from '../../src/base/access-log-names.ts';
import { limits } from '../../src/base/limits.ts';
import { table } from './table.ts';

/** The page docs/reference/access-log.md. */
export function accessLogPage(): string {
  const usual: readonly string[] = defaultAccessLogFields;
  const rows = Object.entries(accessLogFieldNames).map(([name, meaning]) => [
    `\`${name}\``,
    usual.includes(name) ? 'yes' : '',
    meaning,
  ]);
  return `# The access log

One line of JSON for every request, written when it is over, to the file that \`proxy_access_log\` names. Lines of
messages that were refused before they became a request are in the process log (\`proxy.message.refuse\`).

\`SALLYPORT_PROXY_ACCESS_LOG_FIELDS\` (in the file \`proxy_access_log_fields\`) names the fields of a line, in their order,
separated by commas. A name that is not listed here stops the start. Without it a line has the fields marked as usual.

${table(['field', 'usual', 'what it tells'], rows)}

Beside these there are

- \`request_header.NAME\`: what the upstream got in that header where a plugin set it, else what the client sent;
- \`response_header.NAME\`: what the client got;
- \`query.NAME\`: the value of the first argument of that name.

What is not there is \`null\`. A text longer than ${limits.accessLogTextMax} characters is cut and ends in \`…\`.

## Secrets

Nothing of a query is logged unless it is asked for: \`query\` shows the names and \`***\` for every value. A header whose
name is one that credentials go by (\`Authorization\`, \`Cookie\`, \`X-Api-Key\`, \`…-Token\` and the like), or in which a plugin
of the route looks for credentials, shows \`***\`. \`query.NAME\` with such a name is refused at the start, and shows \`***\`
on routes where a plugin looks for credentials there.
`;
}
