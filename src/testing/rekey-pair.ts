import type { Bytes } from '../base/index.ts';
import { nativePrimitives } from '../primitives/index.ts';
import { answerRekey, beginRekey, type BegunRekey, type RekeyOptions } from '../protocol/handshake/index.ts';
import { openRecords, type Item, type OutgoingMessage, type Records } from '../protocol/session/index.ts';
import {
  at,
  inRecord,
  itemsIn,
  openPair,
  written,
  type ConnectionPairOptions,
  type ProvenPair,
} from './connection-pair.ts';
import { fastSeededEntropy } from './entropy.ts';

// Pairs in the middle of a key exchange, one side of which the test speaks for.

/** When a dialler of `openPair` begins its first key exchange, ms. */
export const HOUR = 3_600_000;

/** What a test that speaks for one side of an exchange draws from. */
export const dice: Pick<RekeyOptions, 'primitives' | 'entropy'> = {
  primitives: nativePrimitives,
  entropy: fastSeededEntropy(5),
};

/** What the items are, and which CLOSE. */
export function codesOf(items: readonly Item[]): readonly string[] {
  return items.map((item) => (item.type === 'close' ? `close ${item.close.code}` : item.type));
}

/** A message that says little. */
export function text(seq: number): OutgoingMessage {
  const id = `01890a5d-ac96-774b-bcce-${String(seq).padStart(12, '0')}`;
  return { header: { timestamp: 0, id, seq, type: 'text' }, plaintext: Uint8Array.of(0x61, seq % 26) };
}
/** The same as an item, sealed at the next place of these keys. */
export function sealed(records: Records, seq: number): Item {
  const { header, plaintext } = text(seq);
  return { type: 'message', seq, envelope: records.envelopeSealer.seal(header, plaintext) };
}

/** The dialler has begun, and the test speaks for the listener. */
export function asked(options?: ConnectionPairOptions): ProvenPair & { readonly rekey1: Bytes } {
  const pair = openPair({ lingerMs: 10 * HOUR, ...options });
  const { dialler, ofListener } = pair;
  const items = itemsIn(ofListener, written(dialler.handle({ type: 'tick' }, at(HOUR))));
  const [rekey1] = items;
  if (rekey1?.type !== 'rekey-1' || items.length !== 1) throw new Error(codesOf(items).join());
  return { ...pair, rekey1: rekey1.message };
}
/** The listener's answer, and its keys from then on. */
export function answer(ofListener: Records, rekey1: Bytes): { rekey2: Item; next: Records } {
  const answered = answerRekey({ ...dice, ...ofListener.rekey }, rekey1);
  if (!answered.ok) throw new Error(answered.failure.code);
  return {
    rekey2: { type: 'rekey-2', message: answered.value.rekey2 },
    next: openRecords(nativePrimitives, 'responder', answered.value),
  };
}

/** The listener has answered a REKEY1 for which the test spoke. */
export function answered(): ProvenPair & { readonly next: Records } {
  const pair = openPair();
  const { listener, ofDialler } = pair;
  const begun = beginRekey({ ...dice, ...ofDialler.rekey });
  const items = itemsIn(ofDialler, written(listener.handle(inRecord(ofDialler, rekey1Of(begun)), at(1))));
  const [rekey2, last] = items;
  if (rekey2?.type !== 'rekey-2' || last?.type !== 'keyswitch' || items.length !== 2)
    throw new Error(codesOf(items).join());
  const finished = begun.finish(rekey2.message);
  if (!finished.ok) throw new Error(finished.failure.code);
  return { ...pair, next: openRecords(nativePrimitives, 'initiator', finished.value) };
}
/** The item that begins the exchange. */
export function rekey1Of(begun: BegunRekey): Item {
  return { type: 'rekey-1', message: begun.rekey1 };
}
