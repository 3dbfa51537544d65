import { expect, test } from 'vitest';
import { failure as refusal, type Now } from '../../base/index.ts';
import { nativePrimitives } from '../../primitives/index.ts';
import { ALICE, BOB, fastSeededEntropy, prefaceBytes, READY } from '../../testing/index.ts';
import { enrolInitiator, enrolResponder } from '../handshake/index.ts';
import { Connection } from './connection.ts';
import type { ConnectionInput, ConnectionRole } from './connection-types.ts';

const NOW: Now = { monotonic: 0, wall: 1_700_000_000_000 };
const LATER: Now = { monotonic: 1e9, wall: 1_700_000_000_000 };
const base = { primitives: nativePrimitives, entropy: fastSeededEntropy(1), preface: prefaceBytes(1) };
const failure = { code: 'reset', message: '' } as const;
const everyInput: readonly ConnectionInput[] = [
  { type: 'opened' },
  { type: 'bytes', bytes: prefaceBytes(1) },
  { type: 'ended' },
  { type: 'lost', failure },
  { type: 'ready', ready: READY },
  { type: 'send', messages: [], ack: { cumulative: 0, exceptions: [] } },
  { type: 'vigilant', on: true },
  { type: 'close', code: 'done' },
  { type: 'abort', failure },
  { type: 'tick' },
];

const roles: Readonly<Record<string, () => ConnectionRole>> = {
  initiator: () => ({
    role: 'initiator',
    mode: 'enrol',
    handshake: enrolInitiator({
      ...base,
      localName: 'alice',
      localStatic: ALICE,
      remoteName: 'bob',
      passwords: { own: 'a', peer: 'b' },
    }),
  }),
  responder: () => ({
    role: 'responder',
    handshakeFor: () =>
      enrolResponder({
        ...base,
        localName: 'bob',
        localStatic: BOB,
        authority: { passwordsFor: () => refusal('guess-budget', 'Not now.') },
      }),
  }),
};

const ends: readonly ConnectionInput[] = [
  { type: 'ended' },
  { type: 'lost', failure },
  { type: 'abort', failure },
  { type: 'tick' },
];

for (const [name, role] of Object.entries(roles)) {
  for (const end of ends) {
    test(`a closed connection gives no output and has no deadline, whatever comes in: ${name}, ${end.type}`, () => {
      const connection = new Connection({
        primitives: nativePrimitives,
        entropy: base.entropy,
        role: role(),
        lingerMs: 0,
        now: NOW,
      });
      connection.handle({ type: 'opened' }, NOW);
      const last = connection.handle(end, LATER);
      expect(last.map((output) => output.type)).toEqual(['closed']);
      expect(connection.phase).toBe('closed');
      for (const input of everyInput) expect(connection.handle(input, LATER), input.type).toEqual([]);
      expect(connection.deadline()).toBeUndefined();
    });
  }
}
