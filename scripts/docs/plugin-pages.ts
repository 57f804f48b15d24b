import type { AnyPlugin } from '../../src/pdk/index.ts';
import { markdownTable } from '../../src/schema/index.ts';
import { table } from './table.ts';

/** The page docs/reference/plugins/NAME.md: every field, every check. */
export function pluginPage(plugin: AnyPlugin): string {
  const checks = plugin.checks.map(({ name, about, field }) => [
    `\`${name}\``,
    about,
    field === null ? '' : `\`${field}\``,
  ]);
  return `# Plugin ${plugin.name}

Version ${plugin.version}, priority ${plugin.priority}: plugins with a higher one run earlier.

## Configuration

The fields of \`config\`. A value marked as not supported yet is refused by the Admin API with a fault that names the field.

${markdownTable(plugin.config)}

## Checks

What the plugin checks, in this order. A refusal names the check that failed: in \`error_description\` of the challenge, in the log
line and in the decision record (\`GET /decisions/REQUEST_ID\` on the Admin API). Names are stable. The last column is the setting
that rules the check, where one does.

${table(['check', 'what has to hold', 'setting'], checks)}
`;
}
