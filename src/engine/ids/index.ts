// A door without the engine, for whoever gives a message its id before anybody has it.
export { makeMessageId, MESSAGE_ID_RANDOM_LENGTH } from '../message-id.ts';
