export { UNREAD_MAX, type Conversation } from './conversations.ts';
export { checkBeginning, DurableLedger } from './ledger.ts';
