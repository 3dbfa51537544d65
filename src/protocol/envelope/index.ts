export { type EnvelopeOptions } from './direction.ts';
export { ENVELOPE_BYTES_MAX, PLAINTEXT_BYTES_MAX, TEXT_BYTES_MAX, type EnvelopeHeader } from './header.ts';
export { idFromBytes, idToBytes, parseMessageId, type MessageId } from './message-id.ts';
export { EnvelopeOpener, type OpenedEnvelope } from './open.ts';
export { EnvelopeSealer } from './seal.ts';
