import { isObject, setOwn } from './value.ts';

/** One thing wrong with an input. */
export interface Fault {
  /** Field names and 0-based indices from the outside in. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** A fault of the whole entity or record at `path`; Kong prints it under `@entity`. */
  readonly entity?: boolean;
}

/** Kong's `fields` tree: nested objects, arrays with null holes, entity-level texts in `@entity` arrays. */
export function faultFields(faults: readonly Fault[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const fault of faults) {
    if (fault.entity === true || fault.path.length === 0) addEntityText(root, fault);
    else addFieldText(root, fault);
  }
  return root;
}

/** `schema violation (host: required field missing)`, or `2 schema violations (a: x; b.c: y)`. */
export function faultMessage(faults: readonly Fault[]): string {
  const entity = faults.filter((fault) => isTopEntity(fault)).map((fault) => fault.message);
  const fields = faults.filter((fault) => !isTopEntity(fault)).sort(byPath);
  // Kong dumps what lies deeper than two names as a Lua table over several lines; a dotted path reads better.
  const texts = [...entity, ...fields.map((fault) => `${dottedPath(fault)}: ${fault.message}`)];
  const label = texts.length === 1 ? 'schema violation' : `${texts.length} schema violations`;
  return `${label} (${texts.join('; ')})`;
}

/** `config.paths.1`: names and 1-based indices, as Kong counts. */
export function dottedPath(fault: Fault): string {
  const parts = fault.path.map((part) => (typeof part === 'number' ? String(part + 1) : part));
  if (fault.entity === true) parts.push('@entity');
  return parts.join('.');
}

function isTopEntity(fault: Fault): boolean {
  return fault.path.length === 0;
}

function byPath(left: Fault, right: Fault): number {
  const length = Math.max(left.path.length, right.path.length);
  for (let index = 0; index < length; index++) {
    const a = left.path[index];
    const b = right.path[index];
    if (a === b) continue;
    if (a === undefined) return -1;
    if (b === undefined) return 1;
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return String(a) < String(b) ? -1 : 1;
  }
  return 0;
}

/**
 * Walks to the container at the path, making objects and arrays on the way (`next` says which the last one is);
 * undefined when a text is already in the way, since an outer fault hides the inner ones.
 */
function containerAt(root: object, path: Fault['path'], next: string | number): object | undefined {
  let current = root;
  for (const [index, part] of path.entries()) {
    const child = childOf(current, part);
    if (child === undefined || child === null) {
      const made = typeof (path[index + 1] ?? next) === 'number' ? [] : {};
      setChild(current, part, made);
      current = made;
    } else if (typeof child === 'object') {
      current = child;
    } else {
      return undefined;
    }
  }
  return current;
}

function childOf(container: object, part: string | number): unknown {
  return Object.hasOwn(container, part) ? Reflect.get(container, part) : undefined;
}

function setChild(container: object, part: string | number, value: unknown): void {
  if (!Array.isArray(container) || typeof part !== 'number') {
    setOwn(container, String(part), value);
    return;
  }
  while (container.length < part) container.push(null);
  container[part] = value;
}

function addFieldText(root: object, fault: Fault): void {
  const last = fault.path.at(-1);
  if (last === undefined) return;
  const container = containerAt(root, fault.path.slice(0, -1), last);
  if (container === undefined) return;
  const present = childOf(container, last);
  if (present === undefined || present === null) setChild(container, last, fault.message);
}

function addEntityText(root: object, fault: Fault): void {
  const container = containerAt(root, fault.path, '@entity');
  if (container === undefined || !isObject(container)) return;
  const texts = childOf(container, '@entity');
  if (Array.isArray(texts)) texts.push(fault.message);
  else setOwn(container, '@entity', [fault.message]);
}
