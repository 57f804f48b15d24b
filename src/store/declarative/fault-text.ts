import { isObject } from '../../schema/value.ts';

/**
 * The tree of faults as Kong prints it when a start fails:
 * `in 'services':` / `  - in entry 1 of 'services':` / `    in 'bogus': unknown field`.
 */
export function faultText(fields: unknown): string {
  return lines(fields, '', '').join('\n');
}

function lines(tree: unknown, list: string, indent: string): string[] {
  if (Array.isArray(tree)) {
    return tree.flatMap((element, index) =>
      element === null ? [] : line(`- in entry ${index + 1} of '${list}'`, element, list, indent),
    );
  }
  if (!isObject(tree)) return [`${indent}${String(tree)}`];
  return Object.entries(tree).flatMap(([name, value]) => line(`in '${name}'`, value, name, indent));
}

function line(label: string, value: unknown, list: string, indent: string): string[] {
  if (typeof value === 'string') return [`${indent}${label}: ${value}`];
  return [`${indent}${label}:`, ...lines(value, list, `${indent}  `)];
}
