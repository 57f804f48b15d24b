import { limits } from '../base/limits.ts';

/** An object as JSON or a form makes one. */
export type PlainObject = { readonly [key: string]: unknown };

/** True for objects that are neither null nor arrays. */
export function isObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own members only, so that `constructor` or `__proto__` of strangers never reach a prototype. */
export function ownValue(object: PlainObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own member, also for the key `__proto__`, where an assignment would change the prototype instead. */
export function setOwn(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** JSON equality: order of members ignored, order of elements kept. Beyond the JSON depth limit nothing is equal. */
export function sameJson(left: unknown, right: unknown, depth = 0): boolean {
  if (left === right) return true;
  if (depth > limits.jsonDepthMax) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((element, index) => sameJson(element, right[index], depth + 1));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key], depth + 1));
}

/** Equality of sets: same members, any order. */
export function sameMembers(left: unknown, right: unknown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
  return left.every((element) => right.some((other) => sameJson(element, other)));
}

/** True when arrays and objects nest deeper than `limits.jsonDepthMax`. */
export function tooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth >= limits.jsonDepthMax) return true;
  return Object.values(value).some((member) => tooDeep(member, depth + 1));
}

/** A text of the value for messages, bounded in length and depth. */
export function shortJson(value: unknown): string {
  if (tooDeep(value)) return '…';
  const text = JSON.stringify(value) ?? 'null';
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
