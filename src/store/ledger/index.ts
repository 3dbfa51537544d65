export { checkBeginning, DurableLedger } from './ledger.ts';
