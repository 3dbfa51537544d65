import { failure } from '../base/index.ts';
import type { HandshakeMachine } from '../protocol/handshake/index.ts';

/** What admission has to say to a responder's handshake. */
export interface Gate {
  /** Asked when message 1 is complete, before anything is computed for it. */
  mayAnswer(): boolean;
  /** Message 1 was good; its answer is computed. */
  answered(): void;
}

/** A responder's handshake that asks before it answers message 1, which anybody can send. Refused, it ends in silence. */
export function gated(machine: HandshakeMachine, gate: Gate): HandshakeMachine {
  return {
    get expectedLength() {
      return machine.expectedLength;
    },
    get step() {
      return machine.step;
    },
    start: () => machine.start(),
    receive: (body) => {
      if (machine.step !== 'first') return machine.receive(body);
      if (!gate.mayAnswer()) {
        machine.wipe();
        return failure('too-many-connections', 'Too many strangers want an answer at once.');
      }
      const step = machine.receive(body);
      if (step.ok) gate.answered();
      return step;
    },
    wipe: () => machine.wipe(),
  };
}
