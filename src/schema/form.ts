import { limits } from '../base/limits.ts';
import type { AnyField, RecordField } from './field.ts';
import { isObject, ownValue, setOwn } from './value.ts';

/** One decoded argument; `true` stands for a name without `=`. */
export type FormPair = readonly [name: string, value: string | true];

/**
 * Form arguments as the record's types want them (Kong's rules: dots and brackets nest, indices count from 1,
 * empty means null, a scalar becomes a one-element list). What does not fit stays text, for `validate` to refuse.
 * The work is linear in the arguments; their number is the caller's bound (`limits.adminArgumentsMax`).
 */
export function inferForm(record: RecordField, pairs: readonly FormPair[]): unknown {
  const root = newNode();
  for (const [name, value] of pairs) place(root, parseName(name), value);
  return inferValue(record, toObject(root));
}

type Segment =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'append' };

interface Node {
  readonly values: (string | true)[];
  /** `[]` was used, so one value is a list too. */
  list: boolean;
  readonly members: Map<string, Node>;
  readonly indexed: Map<number, Node>;
}

function newNode(): Node {
  return { values: [], list: false, members: new Map(), indexed: new Map() };
}

/** A name that does not parse is one member of that literal name: an unknown field. */
function parseName(name: string): readonly Segment[] {
  const literal: readonly Segment[] = [{ kind: 'member', name }];
  if (name === '' || name.startsWith('[')) return literal;
  const segments: Segment[] = [];
  let position = 0;
  while (position < name.length) {
    if (segments.length >= limits.jsonDepthMax) return literal;
    if (name[position] === '[') {
      const end = name.indexOf(']', position);
      if (end < 0) return literal;
      segments.push(bracketSegment(name.slice(position + 1, end)));
      position = end + 1;
      const next = name[position];
      if (next === '.' && position + 1 < name.length) position++;
      else if (next !== undefined && next !== '[') return literal;
    } else {
      const end = nextDelimiter(name, position);
      if (end === position) return literal;
      segments.push({ kind: 'member', name: name.slice(position, end) });
      position = end;
      if (name[position] === '.') {
        position++;
        if (position === name.length) return literal;
      }
    }
  }
  return segments;
}

function nextDelimiter(name: string, from: number): number {
  for (let position = from; position < name.length; position++) {
    if (name[position] === '.' || name[position] === '[') return position;
  }
  return name.length;
}

function bracketSegment(content: string): Segment {
  if (content === '') return { kind: 'append' };
  return /^\d{1,9}$/.test(content) ? { kind: 'index', index: Number(content) } : { kind: 'member', name: content };
}

function place(root: Node, segments: readonly Segment[], value: string | true): void {
  // Kong loses index 0: positions start at 1.
  if (segments.some((segment) => segment.kind === 'index' && segment.index === 0)) return;
  let node = root;
  for (const [position, segment] of segments.entries()) {
    if (segment.kind === 'append') {
      // In the middle of a name it means nothing: `sources[].ip` is one record.
      if (position === segments.length - 1) node.list = true;
    } else if (segment.kind === 'index') {
      node = childOf(node.indexed, segment.index);
    } else {
      node = childOf(node.members, segment.name);
    }
  }
  node.values.push(value);
}

function childOf<K>(children: Map<K, Node>, key: K): Node {
  let child = children.get(key);
  if (child === undefined) {
    child = newNode();
    children.set(key, child);
  }
  return child;
}

/** The tree without types: texts, lists and objects. */
function toRaw(node: Node): unknown {
  const nested = node.members.size + node.indexed.size;
  if (nested === 0) return node.values.length === 1 && !node.list ? node.values[0] : node.values;
  // Distinct indices from 1 on are complete when none is larger than their number.
  const complete = node.indexed.size > 0 && node.indexed.keys().every((index) => index <= node.indexed.size);
  if (complete && node.members.size === 0 && node.values.length === 0) {
    return [...node.indexed].sort(([left], [right]) => left - right).map(([, child]) => toRaw(child));
  }
  return toObject(node);
}

/** Holes and mixed styles come out as an object that no list or record accepts, so nothing sent is dropped silently. */
function toObject(node: Node): object {
  const object = {};
  for (const [name, child] of node.members) setOwn(object, name, toRaw(child));
  for (const [index, child] of node.indexed) setOwn(object, String(index), toRaw(child));
  if (node.values.length > 0) setOwn(object, '', node.values);
  return object;
}

function inferValue(field: AnyField | undefined, raw: unknown): unknown {
  if (raw === '') return null;
  if (field === undefined || field.kind === 'any' || field.kind === 'foreign') return inferText(raw);
  switch (field.kind) {
    case 'record':
      return isObject(raw) ? mapMembers(raw, (name) => fieldNamed(field, name)) : raw;
    case 'map':
      return isObject(raw) ? mapMembers(raw, () => field.values) : raw;
    case 'array':
    case 'set':
      return inferList(field.elements, raw);
    case 'integer':
    case 'number':
      return typeof raw === 'string' && isNumeric(raw) ? Number(raw) : raw;
    case 'boolean':
      return raw === 'true' ? true : raw === 'false' ? false : raw;
    case 'string':
      return raw;
  }
}

function inferList(elements: AnyField, raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map((element) => inferValue(elements, element));
  return isObject(raw) ? inferText(raw) : [inferValue(elements, raw)];
}

/** Without a type everything stays text, only empty means null. */
function inferText(raw: unknown): unknown {
  if (raw === '') return null;
  if (Array.isArray(raw)) return raw.map(inferText);
  return isObject(raw) ? mapMembers(raw, () => undefined) : raw;
}

function mapMembers(raw: object, fieldOf: (name: string) => AnyField | undefined): object {
  const object = {};
  for (const [name, value] of Object.entries(raw)) setOwn(object, name, inferValue(fieldOf(name), value));
  return object;
}

function fieldNamed(record: RecordField, name: string): AnyField | undefined {
  const declared = ownValue(record.fields, name);
  if (declared !== undefined) return record.fields[name];
  return record.shorthands.find((shorthand) => shorthand.name === name)?.field;
}

function isNumeric(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
}
