import type { AnyPlugin } from '../../src/pdk/index.ts';
import { markdownTable } from '../../src/schema/index.ts';
import { table } from './table.ts';

/** The page docs/reference/plugins/NAME.md: every field of the configuration. */
export function pluginPage(plugin: AnyPlugin): string {
  return `# Plugin ${plugin.name}

Version ${plugin.version}, priority ${plugin.priority}: plugins with a higher one run earlier. ${whatItChecks(plugin)}

The fields of \`config\`. A value marked as not supported yet is refused by the Admin API with a fault that names the field.

${markdownTable(plugin.config)}
`;
}

/** The page docs/reference/checks.md: what every plugin checks, in its order. */
export function checksPage(plugins: readonly AnyPlugin[]): string {
  const judging = plugins.filter(({ checks }) => checks.length > 0);
  const chapters = judging.map(({ name: plugin, checks }) => {
    const rows = checks.map(({ name, about, field }) => [`\`${name}\``, about, field === null ? '' : `\`${field}\``]);
    return `## ${plugin}\n\n${table(['check', 'what has to hold', 'setting'], rows)}\n`;
  });
  return `# Checks

Every verdict of a plugin is an ordered list of checks. A refusal names the one that failed: in \`error_description\` of the
challenge, in the log line and in the decision record (\`GET /decisions/REQUEST_ID\` on the Admin API, with the id from the
response's \`X-Kong-Request-Id\`). Checks after the failed one were not made. Names are stable. The last column is the setting that
rules the check, where one does.

${chapters.join('\n')}`;
}

function whatItChecks({ name, checks }: AnyPlugin): string {
  if (checks.length === 0) return 'It keeps no record of decisions.';
  return `What it checks is on the page of\n[checks](../checks.md#${name}).`;
}
