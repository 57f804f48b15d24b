export * from './arguments.ts';
export * from './contexts.ts';
export * from './decision.ts';
export * from './define-plugin.ts';
export * from './identity.ts';
