import type { KitCase, KitFile } from './case.ts';
import { connectionCases } from './connections.ts';
import { enrolInitiatorCases } from './enrol-initiator.ts';
import { enrolResponderCases } from './enrol-responder.ts';
import { envelopeCases } from './envelope.ts';
import { recordCases } from './records.ts';
import { rekeyCases } from './rekey.ts';
import { sessionHandshakeCases } from './session-handshake.ts';
import { sessionCases } from './session.ts';
import { framesCases, prefaceCases } from './wire.ts';

/** The files of spec/kit by name. */
export function makeKit(): ReadonlyMap<string, KitFile> {
  const file = (description: string, ...cases: readonly (readonly KitCase[])[]): KitFile => ({
    description,
    cases: cases.flat(),
  });
  return new Map([
    ['01-wire.json', file('Prefaces and frames.', prefaceCases(), framesCases())],
    ['02-enrol.json', file('First contact.', enrolResponderCases(), enrolInitiatorCases())],
    ['02-session.json', file('The handshake with a pinned peer.', sessionHandshakeCases())],
    [
      '03-records.json',
      file('Records at large numbers, and the record key that is replaced by itself.', recordCases()),
    ],
    ['03-session.json', file('What comes after a handshake.', sessionCases())],
    ['03-rekey.json', file('New keys within a connection.', rekeyCases())],
    ['04-envelope.json', file('Envelopes.', envelopeCases())],
    ['connections.json', file('Whole connections as streams of bytes.', connectionCases())],
  ]);
}
