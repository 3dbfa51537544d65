export * from './entropy.ts';
export * from './handshake-pair.ts';
export * from './pipe.ts';
export * from './schedule.ts';
export * from './world.ts';
