export { ID_TAKEN } from './commands.ts';
export type { EngineOptions } from './core.ts';
export { placed } from './effects.ts';
export { Engine } from './engine.ts';
export { makeMessageId, MESSAGE_ID_RANDOM_LENGTH } from './message-id.ts';
export * from './types.ts';
