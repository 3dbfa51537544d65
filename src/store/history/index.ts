export { History, type ResendableMessage, type WaitingMessage } from './history.ts';
