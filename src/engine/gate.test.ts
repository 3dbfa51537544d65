import { expect, test } from 'vitest';
import type { HandshakeMachine } from '../protocol/handshake/index.ts';
import { enrolPair, fastSeededEntropy, sessionPair, type HandshakePair } from '../testing/index.ts';
import { gated } from './gate.ts';

/** What may be kept of a connection before its peer is proven, with a frame's header (spec/01). */
const KEPT_MAX = 2_048;

const entropy = () => ({ alice: fastSeededEntropy(11), bob: fastSeededEntropy(12) });
const pairs: readonly (readonly [string, () => HandshakePair])[] = [
  ['enrol', () => enrolPair(entropy())],
  ['session', () => sessionPair(entropy())],
];

function firstMessage(machine: HandshakeMachine): Uint8Array {
  const started = machine.start();
  const body = started.ok ? started.value.send[0] : undefined;
  if (body === undefined) throw new Error('no message 1');
  return body;
}

test.each(pairs)('%s: no frame that a listener waits for is larger than 2 KiB', (_, open) => {
  const { initiator, responder } = open();
  responder.start();
  let [toBob, toAlice] = [[firstMessage(initiator)], [] as Uint8Array[]];
  const expected: number[] = [];
  while (toBob.length > 0) {
    toAlice = toBob.flatMap((body) => {
      expected.push(responder.expectedLength ?? 0);
      const step = responder.receive(body);
      return step.ok ? step.value.send : [];
    });
    toBob = toAlice.flatMap((body) => {
      const step = initiator.receive(body);
      return step.ok ? step.value.send : [];
    });
  }
  expect(responder.step).toBe('done');
  expect(Math.max(...expected) + 2).toBeLessThanOrEqual(KEPT_MAX);
  expect(Math.min(...expected)).toBeGreaterThan(0);
});

test.each(pairs)(
  '%s: without an answer left message 1 is met with the end, and nothing is computed (CRY-14)',
  (_, open) => {
    const { initiator, responder } = open();
    let computed = 0;
    const watched: HandshakeMachine = {
      get expectedLength() {
        return responder.expectedLength;
      },
      get step() {
        return responder.step;
      },
      start: () => responder.start(),
      receive: (body) => {
        computed++;
        return responder.receive(body);
      },
      wipe: () => responder.wipe(),
    };
    const machine = gated(watched, { mayAnswer: () => false, answered: () => undefined });
    const message1 = firstMessage(initiator);
    expect(machine.receive(message1)).toMatchObject({ ok: false, failure: { code: 'too-many-connections' } });
    expect(computed).toBe(0);
    expect(machine.receive(message1).ok).toBe(false);
  },
);

test.each(pairs)('%s: an answer is counted once, when message 1 was good', (_, open) => {
  const { initiator, responder } = open();
  let answers = 0;
  const machine = gated(responder, { mayAnswer: () => true, answered: () => answers++ });
  const step = machine.receive(firstMessage(initiator));
  expect(step).toMatchObject({ ok: true });
  expect(answers).toBe(1);
  const reply = step.ok ? initiator.receive(step.value.send[0]!) : undefined;
  if (reply?.ok) machine.receive(reply.value.send[0]!);
  expect(answers).toBe(1);
});

test('junk for a session’s message 1 is no answer (CRY-14)', () => {
  const { responder } = sessionPair(entropy());
  let answers = 0;
  const machine = gated(responder, { mayAnswer: () => true, answered: () => answers++ });
  expect(machine.receive(new Uint8Array(machine.expectedLength ?? 0).fill(7)).ok).toBe(false);
  expect(answers).toBe(0);
});
