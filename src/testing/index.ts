export * from './entropy.ts';
export * from './handshake-pair.ts';
