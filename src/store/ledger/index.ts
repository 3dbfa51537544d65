export { DurableLedger, type LedgerOptions } from './ledger.ts';
