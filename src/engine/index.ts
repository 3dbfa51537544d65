export { Engine } from './engine.ts';
export * from './types.ts';
