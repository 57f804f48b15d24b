import { entityDefinitions } from '../../src/entities/index.ts';
import { markdownTable } from '../../src/schema/index.ts';

/** The page docs/reference/entities.md. */
export function entitiesPage(): string {
  const chapters = Object.values(entityDefinitions).map(({ kind, key, record, unique, foreign }) => {
    const facts = [
      `- Addressed in paths by \`id\` or \`${key}\`.`,
      ...unique.map((fields) => `- Unique: ${fields.map((field) => `\`${field}\``).join(' with ')}.`),
      ...foreign.map(({ field, to, onDelete }) =>
        onDelete === 'cascade'
          ? `- Deleted together with its \`${field}\` (of ${to}).`
          : `- Its \`${field}\` (of ${to}) cannot be deleted while this entity refers to it.`,
      ),
    ];
    return `## ${kind}\n\n${facts.join('\n')}\n\n${markdownTable(record)}\n`;
  });
  return `# Entities

What the Admin API keeps: \`GET\`, \`POST\`, \`PUT\`, \`PATCH\` and \`DELETE\` below \`/KIND\`, and \`/schemas/KIND\` for the same
tables in Kong's form. The fields of a plugin's \`config\` are on its own page.

${chapters.join('\n')}`;
}
