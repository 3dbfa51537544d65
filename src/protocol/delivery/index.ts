export * from './inbox.ts';
export * from './ledger.ts';
export * from './limits.ts';
export * from './message.ts';
export * from './outbox.ts';
export type { NewMessage, Withdrawal } from './outbox-queue.ts';
export type { SendProgress } from './send-progress.ts';
export { CANCELLED, EXPIRED } from './settled-effect.ts';
