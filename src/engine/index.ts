export type { EngineOptions } from './core.ts';
export { Engine } from './engine.ts';
export * from './types.ts';
