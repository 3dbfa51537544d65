export type { Conversation } from './conversations.ts';
export { checkBeginning, DurableLedger } from './ledger.ts';
