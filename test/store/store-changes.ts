import { encodeUtf8, Secret, type Bytes } from '../../src/base/index.ts';
import type { TrustRecord } from '../../src/directory/index.ts';
import type { Change } from '../../src/engine/index.ts';

/** Plain changes for tests of the store: one contact, bob. */
export const NOW = 1_700_000_000_000;
export const EPOCH: Bytes = new Uint8Array(16).fill(1);
export const PEER_EPOCH: Bytes = new Uint8Array(16).fill(2);
export const filled = (fill: number): Bytes => new Uint8Array(32).fill(fill);

export function idOf(n: number): string {
  return `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;
}

export function pinned(username: string, key = 1): Change {
  const record: TrustRecord = {
    username,
    pin: {
      key: filled(key),
      psk: new Secret(filled(key + 1)),
      confirmed: true,
      createdWall: NOW,
      lastSeenWall: NOW,
      verified: 'none',
      minVersion: 1,
      formerKeys: [],
    },
  };
  return { type: 'trust', record };
}

export function queued(seq: number, text = `outgoing ${seq}`): Change {
  const row = { seq, id: idOf(1_000 + seq), type: 'text', plaintext: encodeUtf8(text), timestamp: NOW + seq };
  return { type: 'outbox-put', peer: 'bob', epoch: EPOCH, row };
}

export function settled(seq: number): Change {
  const [epoch, id, key] = [EPOCH, idOf(1_000 + seq), filled(1)];
  return { type: 'outbox-settle', peer: 'bob', epoch, seq, id, key, atWall: NOW, refused: [] };
}

export function cursor(stored: number): Change {
  return { type: 'inbox-cursor', peer: 'bob', epoch: PEER_EPOCH, stored, storedId: undefined };
}

export function received(seq: number, text = `incoming ${seq}`): Change {
  const row = { seq, id: idOf(seq), type: 'text', plaintext: encodeUtf8(text), timestamp: NOW + seq };
  return { type: 'inbox-put', peer: 'bob', row: { ...row, receivedWall: NOW + seq } };
}
