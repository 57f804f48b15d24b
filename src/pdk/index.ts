export * from './anonymous.ts';
export * from './arguments.ts';
export * from './contexts.ts';
export * from './decision.ts';
export * from './define-plugin.ts';
export * from './header-name.ts';
export * from './identity.ts';
export * from './request-arguments.ts';
