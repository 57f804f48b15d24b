import { type EntityDefinition, entityDefinitions } from '../../src/entities/index.ts';
import { markdownTable } from '../../src/schema/index.ts';

/** The page docs/reference/entities.md. */
export function entitiesPage(): string {
  const chapters = Object.values(entityDefinitions).map((definition: EntityDefinition) => {
    const { kind, record, unique, foreign } = definition;
    const facts = [
      `- ${pathsOf(definition)}`,
      `- ${addressOf(definition)}`,
      ...unique.map((fields) => `- Unique: ${fields.map((field) => `\`${field}\``).join(' with ')}.`),
      ...foreign.map(({ field, to, onDelete, list }) => {
        if (onDelete === 'cascade') return `- Deleted together with its \`${field}\` (of ${to}).`;
        const target = list === true ? `What its \`${field}\` names` : `Its \`${field}\` (of ${to})`;
        return `- ${target} cannot be deleted while this entity refers to it.`;
      }),
    ];
    return `## ${kind}\n\n${facts.join('\n')}\n\n${markdownTable(record)}\n`;
  });
  return `# Entities

What the Admin API keeps: \`GET\`, \`POST\`, \`PUT\`, \`PATCH\` and \`DELETE\` below the paths named here, and
\`/schemas/KIND\` for the same tables in Kong's form. The fields of a plugin's \`config\` are on its own page.

${chapters.join('\n')}`;
}

function pathsOf({ foreign, paths }: EntityDefinition): string {
  const nested = foreign
    .filter(({ list }) => list !== true)
    .map(({ to }) => `\`/${entityDefinitions[to].paths.collection}/{id}/${paths.child}\``);
  const all = [...(paths.collection === undefined ? [] : [`\`/${paths.collection}\``]), ...nested];
  return `Paths: ${all.join(', ')}.`;
}

function addressOf({ kind, key, keyWithin }: EntityDefinition): string {
  if (kind === 'certificates') return 'Addressed in paths by `id` or one of its server names.';
  if (key !== undefined) return `Addressed in paths by \`id\` or \`${key}\`.`;
  if (keyWithin === undefined) return 'Addressed in paths by `id`.';
  return `Addressed in paths by \`id\`, under its ${keyWithin.within} also by \`${keyWithin.field}\`.`;
}
