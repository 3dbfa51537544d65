export * from './close.ts';
export * from './connection.ts';
export * from './connection-types.ts';
export * from './item.ts';
export * from './key-schedule.ts';
export * from './ready.ts';
export * from './record.ts';
export { REKEY_LIMITS, type RekeyLimits } from './rekey.ts';
export * from './session-timers.ts';
