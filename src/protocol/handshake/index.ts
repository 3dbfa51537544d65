export * from './enrol-initiator.ts';
export * from './enrol-responder.ts';
export {
  refuseHandshake,
  type Established,
  type HandshakeBase,
  type HandshakeMachine,
  type HandshakeStep,
  type Mode,
} from './machine.ts';
export { parseUsername } from './names.ts';
export type { Role } from './pattern.ts';
export * from './rekey.ts';
export * from './session-initiator.ts';
export * from './session-responder.ts';
export * from './version.ts';
