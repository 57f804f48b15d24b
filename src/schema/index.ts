/** The schema source as the rest of the gateway uses it; each part is documented in its own file. */
export * from './check.ts';
export * from './defaults.ts';
export * from './fault.ts';
export * from './field.ts';
export * from './form.ts';
export * from './json-schema.ts';
export * from './kong-schema.ts';
export * from './markdown.ts';
export * from './merge.ts';
export * from './process.ts';
export { isUuid } from './scalar.ts';
export * from './shorthand.ts';
export * from './validate.ts';
export { isObject, type PlainObject } from './value.ts';
