export { NotTaken } from './calls.ts';
export * from './client.ts';
export * from './server.ts';
export * from './socket-path.ts';
