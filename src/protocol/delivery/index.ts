export * from './inbox.ts';
export * from './message.ts';
export * from './outbox.ts';
