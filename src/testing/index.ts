export * from './connection-pair.ts';
export * from './entropy.ts';
export * from './handshake-pair.ts';
export * from './pipe.ts';
export * from './rekey-pair.ts';
export * from './schedule.ts';
export * from './world.ts';
