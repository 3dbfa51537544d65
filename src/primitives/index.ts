export * from './native-entropy.ts';
export * from './native-primitives.ts';
