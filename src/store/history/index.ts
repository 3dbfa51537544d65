export {
  History,
  type EraseProgress,
  type ResendableMessage,
  type WaitingMessage,
  type WaitingPage,
} from './history.ts';
