export { ID_TAKEN } from './commands.ts';
export type { EngineOptions } from './core.ts';
export { placed } from './effects.ts';
export { Engine } from './engine.ts';
export * from './types.ts';
