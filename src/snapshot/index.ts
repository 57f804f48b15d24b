export * from './compile.ts';
export * from './compiled.ts';
export * from './consumer-index.ts';
export * from './holder.ts';
export * from './plugin-chain.ts';
export * from './router/match.ts';
export * from './snapshot.ts';
export * from './upstream-path.ts';
