export * from './hkdf.ts';
export * from './primitives.ts';
