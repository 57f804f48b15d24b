import type { EntityCheck } from './check.ts';
import type { PlainObject } from './value.ts';

/**
 * A field is declared once, here; its TypeScript type, validation, defaults, Kong's `/schemas` form,
 * JSON Schema and the reference table are all read from that declaration.
 * Attributes with underscores are Kong's own and appear in `/schemas`; the camel-case ones are ours and do not.
 */
export type AnyField = ScalarField | ListField | MapField | RecordField | ForeignField;

export interface ScalarField {
  readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'any';
  readonly attributes: Attributes;
}
export interface ListField {
  readonly kind: 'array' | 'set';
  readonly attributes: Attributes;
  readonly elements: AnyField;
}
export interface MapField {
  readonly kind: 'map';
  readonly attributes: Attributes;
  readonly keys: AnyField;
  readonly values: AnyField;
}
export interface RecordField {
  readonly kind: 'record';
  readonly attributes: Attributes;
  readonly fields: Fields;
  readonly checks: readonly EntityCheck[];
  readonly shorthands: readonly Shorthand[];
}
export interface ForeignField {
  readonly kind: 'foreign';
  readonly attributes: Attributes;
  /** Plural name of the entity it points to. */
  readonly reference: string;
}

export type Fields = { readonly [name: string]: AnyField };

/** A Lua pattern for `/schemas` and the same rule as we test it. */
export interface Pattern {
  readonly pattern: string;
  readonly test: RegExp;
  /** Fault text; Kong's `invalid value: …` without one. */
  readonly err?: string;
}

/**
 * Not honoured yet. `true` or `because`: every value but the default is a fault. `values`: these members of
 * `one_of` are faults. `because` replaces the usual text.
 */
export type Unsupported =
  | true
  | { readonly because: string }
  | { readonly values: readonly string[]; readonly because?: string };

export interface CommonOptions {
  readonly required?: boolean;
  /** Keeps null apart from "not given": without it null on a field with a default means the default. */
  readonly nullable?: boolean;
  readonly unique?: boolean;
  readonly referenceable?: boolean;
  readonly encrypted?: boolean;
  readonly immutable?: boolean;
  readonly description?: string;
  /** First Kong version with the field. */
  readonly since?: string;
  /** What to use instead. */
  readonly deprecated?: string;
  /** Kong's `eq: null`: only null is accepted. */
  readonly eq_null?: boolean;
  readonly unsupported?: Unsupported;
  /** The member is absent, instead of null, while nobody set it. */
  readonly omitWhenUnset?: boolean;
}

export interface StringOptions extends CommonOptions {
  readonly default?: string | null;
  readonly one_of?: readonly string[];
  readonly not_one_of?: readonly string[];
  /** In characters; 1 unless given. */
  readonly len_min?: number;
  readonly len_max?: number;
  readonly uuid?: boolean;
  /** Generated when absent: a UUID with `uuid`, else a random secret. */
  readonly auto?: boolean;
  readonly starts_with?: string;
  readonly match?: Pattern;
  readonly match_none?: readonly Pattern[];
  readonly validate?: (value: string) => string | undefined;
}

export interface NumberOptions extends CommonOptions {
  readonly default?: number | null;
  readonly one_of?: readonly number[];
  readonly between?: readonly [number, number];
  readonly gt?: number;
  /** Unix time. */
  readonly timestamp?: boolean;
  /** Set to the current time when absent. */
  readonly auto?: boolean;
  /** Set to the current time on every write, whatever was sent. */
  readonly refreshed?: boolean;
  readonly validate?: (value: number) => string | undefined;
}

export interface BooleanOptions extends CommonOptions {
  readonly default?: boolean | null;
}

export interface ListOptions<T = unknown> extends CommonOptions {
  readonly default?: readonly T[] | null;
  readonly len_min?: number;
  readonly len_max?: number;
  /** Runs before the elements are looked at; its text stands for the whole list. */
  readonly precheck?: (value: readonly unknown[]) => string | undefined;
  /** Runs when every element is valid. */
  readonly validate?: (value: readonly T[]) => string | undefined;
}

export interface MapOptions<T = unknown> extends CommonOptions {
  readonly default?: { readonly [key: string]: T } | null;
  readonly len_min?: number;
  readonly len_max?: number;
  readonly validate?: (value: { readonly [key: string]: T }) => string | undefined;
}

export interface RecordOptions extends CommonOptions {
  readonly default?: PlainObject | null;
  readonly checks?: readonly EntityCheck[];
  readonly shorthands?: readonly Shorthand[];
}

export interface ForeignOptions extends CommonOptions {
  readonly default?: null;
}

/** Every attribute of every kind, as the walkers of a schema read them. */
export interface Attributes extends CommonOptions {
  readonly default?: unknown;
  readonly one_of?: readonly (string | number)[];
  readonly not_one_of?: readonly string[];
  readonly between?: readonly [number, number];
  readonly gt?: number;
  readonly len_min?: number;
  readonly len_max?: number;
  readonly uuid?: boolean;
  readonly auto?: boolean;
  readonly timestamp?: boolean;
  readonly refreshed?: boolean;
  readonly starts_with?: string;
  readonly match?: Pattern;
  readonly match_none?: readonly Pattern[];
  readonly precheck?: (value: readonly unknown[]) => string | undefined;
  /** Called only with a value of the field's type; `never` because each kind has its own. */
  readonly validate?: (value: never) => string | undefined;
}

/** A name that is accepted on writes and stands for other fields. */
export type Shorthand =
  /** `expand` gives members that override what was sent. */
  | {
      readonly kind: 'expanded';
      readonly name: string;
      readonly field: AnyField;
      readonly description?: string;
      readonly expand: (value: never) => PlainObject;
    }
  /** An old name of the fields at the paths `to`; sending both with different values is a fault. */
  | {
      readonly kind: 'renamed';
      readonly name: string;
      readonly field: AnyField;
      readonly to: readonly (readonly string[])[];
      readonly convert?: (value: never) => unknown;
      /** What old versions answered for a field nobody set; means "not sent" while the new field is unsupported. */
      readonly oldDefault?: unknown;
      readonly removedIn?: string;
    }
  /** An old name without successor: checked, then dropped. */
  | { readonly kind: 'removed'; readonly name: string; readonly field: AnyField; readonly removedIn?: string };

declare const inferred: unique symbol;
type Typed<F, T> = F & { readonly [inferred]?: T };

/**
 * The TypeScript type of a field's validated value; null is part of it unless the field is required or has a default.
 * Unknown for a field whose declaration was forgotten (`AnyField`).
 */
export type Infer<F> = F extends { readonly [inferred]?: infer T } ? T : unknown;

/** The same without null: the type of a whole record. */
export type InferRecord<F> = NonNullable<Infer<F>>;

type Out<T, O> = O extends { readonly required: true }
  ? T
  : O extends { readonly omitWhenUnset: true }
    ? T | undefined
    : O extends { readonly nullable: true }
      ? T | null
      : O extends { readonly default: infer D }
        ? [D] extends [null]
          ? T | null
          : T
        : O extends { readonly auto: true }
          ? T
          : T | null;

type OneOf<O, T> = O extends { readonly one_of: readonly (infer V)[] } ? V : T;
type None = Record<never, never>;

/** A string; empty ones are refused unless `len_min` is 0. */
export function string<const O extends StringOptions = None>(
  options?: O,
): Typed<ScalarField, Out<OneOf<O, string>, O>> {
  return { kind: 'string', attributes: options ?? {} };
}

/** A whole number that a double holds exactly. */
export function integer<const O extends NumberOptions = None>(
  options?: O,
): Typed<ScalarField, Out<OneOf<O, number>, O>> {
  return { kind: 'integer', attributes: options ?? {} };
}

/** Any finite number. */
export function number<const O extends NumberOptions = None>(
  options?: O,
): Typed<ScalarField, Out<OneOf<O, number>, O>> {
  return { kind: 'number', attributes: options ?? {} };
}

/** True or false. */
export function boolean<const O extends BooleanOptions = None>(options?: O): Typed<ScalarField, Out<boolean, O>> {
  return { kind: 'boolean', attributes: options ?? {} };
}

/** Any JSON value within the depth limit: the configuration of a plugin nobody knows. */
export function any<const O extends CommonOptions = None>(options?: O): Typed<ScalarField, Out<unknown, O>> {
  return { kind: 'any', attributes: options ?? {} };
}

/** A list that keeps order and duplicates. */
export function array<F extends AnyField, const O extends ListOptions<NonNullable<Infer<F>>> = None>(
  elements: F,
  options?: O,
): Typed<ListField, Out<readonly NonNullable<Infer<F>>[], O>> {
  return { kind: 'array', elements, attributes: options ?? {} };
}

/** A list without duplicates; the order sent is kept. */
export function set<F extends AnyField, const O extends ListOptions<NonNullable<Infer<F>>> = None>(
  elements: F,
  options?: O,
): Typed<ListField, Out<readonly NonNullable<Infer<F>>[], O>> {
  return { kind: 'set', elements, attributes: options ?? {} };
}

/** Free names to values of one kind. */
export function map<K extends AnyField, V extends AnyField, const O extends MapOptions<NonNullable<Infer<V>>> = None>(
  keys: K,
  values: V,
  options?: O,
): Typed<MapField, Out<{ readonly [key: string]: NonNullable<Infer<V>> }, O>> {
  return { kind: 'map', keys, values, attributes: options ?? {} };
}

/** Named fields in declaration order, which is also the order of answers and of `/schemas`. */
export function record<const F extends Fields, const O extends RecordOptions = None>(
  fields: F,
  options?: O,
): Typed<RecordField & { readonly fields: F }, Out<{ readonly [N in keyof F]: Infer<F[N]> }, O>> {
  const { checks = [], shorthands = [], ...attributes }: RecordOptions = options ?? {};
  return { kind: 'record', fields, checks, shorthands, attributes };
}

/** A reference to an entity of that plural name, `{ id }` on the wire. */
export function foreign<const O extends ForeignOptions = None>(
  reference: string,
  options?: O,
): Typed<ForeignField, Out<{ readonly id: string }, O>> {
  return { kind: 'foreign', reference, attributes: options ?? {} };
}
