export * from './dial.ts';
export * from './listen.ts';
export * from './socket.ts';
