// The protocol as a value: bytes, time and randomness come in as arguments; bytes, events and deadlines come out as data.
export type { Bytes, Failure, Instant, Machine, Now, Result } from '../base/index.ts';
export type { Entropy, Primitives, X25519KeyPair } from '../crypto/index.ts';
export * from './wire/index.ts';
export * from './handshake/index.ts';
export * from './session/index.ts';
export * from './envelope/index.ts';
export * from './delivery/index.ts';
