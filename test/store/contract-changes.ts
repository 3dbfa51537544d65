import { encodeUtf8, type Bytes } from '../../src/base/index.ts';
import type { Change } from '../../src/engine/index.ts';
import type { InboxRow, OutboxRow } from '../../src/protocol/delivery/index.ts';

// Changes as the engine makes them, for one contact.

export const NOW: number = 1_700_000_000_000;
export const DAY: number = 86_400_000;
export const EPOCH: Bytes = new Uint8Array(16).fill(1);
export const NEXT_EPOCH: Bytes = new Uint8Array(16).fill(2);
export const PEER_EPOCH: Bytes = new Uint8Array(16).fill(3);
export const NEXT_PEER_EPOCH: Bytes = new Uint8Array(16).fill(4);
export const KEY: Bytes = new Uint8Array(32).fill(5);
export const OTHER_KEY: Bytes = new Uint8Array(32).fill(6);
export const ALL = { sinceWall: 0, limit: 1_000 };

export const peer = 'bob';
export const idOf = (n: number): string => `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;

export const rowOf = (seq: number, n: number = seq, more: Partial<OutboxRow> = {}): OutboxRow => ({
  seq,
  id: idOf(n),
  type: 'text',
  plaintext: encodeUtf8(`text ${n}`),
  timestamp: NOW + n,
  ...more,
});
export const put = (
  seq: number,
  n: number = seq,
  more: Partial<OutboxRow> = {},
  epoch: Bytes = EPOCH,
): Change => ({
  type: 'outbox-put',
  peer,
  epoch,
  row: rowOf(seq, n, more),
});
export const sent = (seq: number, epoch: Bytes = EPOCH): Change => ({
  type: 'outbox-sent',
  peer,
  epoch,
  seq,
});
export const cancel = (seq: number, n: number = seq, epoch: Bytes = EPOCH): Change => ({
  type: 'outbox-void',
  peer,
  epoch,
  seq,
  id: idOf(n),
  outcome: 'cancelled',
  reason: { code: 'cancelled', message: 'The message was withdrawn.' },
  atWall: NOW,
});
export const cancelRange = (first: number, last: number): Change => ({
  type: 'outbox-void-range',
  peer,
  epoch: EPOCH,
  first,
  last,
  outcome: 'cancelled',
  atWall: NOW,
});
export const settle = (
  seq: number,
  more: { n?: number; key?: Bytes; atWall?: number; refused?: number[]; epoch?: Bytes } = {},
): Change => ({
  type: 'outbox-settle',
  peer,
  epoch: more.epoch ?? EPOCH,
  seq,
  id: idOf(more.n ?? seq),
  key: more.key ?? KEY,
  atWall: more.atWall ?? NOW,
  refused: (more.refused ?? []).map((each) => ({
    seq: each,
    reason: { code: 'message-refused', message: 'The peer refused the message for good.' },
  })),
});
export const renumber = (epoch: Bytes = NEXT_EPOCH, former: Bytes = EPOCH): Change => ({
  type: 'outbox-epoch',
  peer,
  former,
  epoch,
});
export const cursor = (stored: number, epoch: Bytes = PEER_EPOCH): Change => ({
  type: 'inbox-cursor',
  peer,
  epoch,
  stored,
  storedId: undefined,
});
export const receive = (seq: number, n: number = seq, more: Partial<InboxRow> = {}): Change => ({
  type: 'inbox-put',
  peer,
  row: { ...rowOf(seq, n), receivedWall: NOW + 1, ...more },
});
export const pass = (seq: number, n: number = seq, status?: 'refused' | 'unsupported'): Change => ({
  type: 'inbox-pass',
  peer,
  seq,
  id: idOf(n),
  ...(status ? { status } : {}),
});
export const puts = (count: number): readonly Change[] =>
  Array.from({ length: count }, (_, index) => put(index + 1));
