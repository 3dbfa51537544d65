import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MessageId } from '../../src/api/index.ts';
import { openHome, type Home } from '../../src/store/index.ts';
import { describeStoreContract, type OpenedStore } from './store-contract.ts';
import { cursor, EPOCH, filled, idOf, PEER_EPOCH, queued, received, settled } from './store-changes.ts';

function openHomeStore(folder = mkdtempSync(join(tmpdir(), 'sotto-store-'))): OpenedStore {
  const home = openHome({ folder, username: 'alice', newSecret: () => new Uint8Array(32).fill(7) });
  return {
    store: home,
    reopen: () => {
      home[Symbol.dispose]();
      return openHomeStore(folder);
    },
    close: () => {
      home[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describeStoreContract('a home', openHomeStore);

test('a place in the history is never given to two messages, deleted or not', () => {
  let opened = openHomeStore();
  try {
    const home = () => opened.store as Home;
    home().commit([cursor(0), received(1), received(2), received(3)]);
    home().commit([{ type: 'shown', peer: 'bob', id: idOf(3) }]);
    home().history.erase({ id: idOf(3) as MessageId }, 0, 10);
    opened = opened.reopen() as OpenedStore;
    home().commit([received(4)]);
    expect(
      home()
        .history.page()
        .entries.map(({ position }) => position),
    ).toEqual([1, 2, 4]);
    home().commit([cursor(3), received(4), received(3), received(5)]);
    expect(
      home()
        .history.page()
        .entries.map(({ id }) => id),
      'nor does it come again',
    ).toEqual([1, 2, 4, 5].map(idOf));
    expect(
      home()
        .history.unshown(undefined, 10)
        .map(({ id }) => id),
    ).toEqual([4, 5].map(idOf));
  } finally {
    void opened.close();
  }
});

test('nor is the place of the newest message, deleted before it was shown or could be searched', () => {
  let opened = openHomeStore();
  try {
    const home = () => opened.store as Home;
    home().commit([cursor(0), received(1), received(2)]);
    home().history.erase({ id: idOf(2) as MessageId }, 0, 10);
    opened = opened.reopen() as OpenedStore;
    home().commit([received(3)]);
    expect(
      home()
        .history.page()
        .entries.map(({ position }) => position),
    ).toEqual([1, 3]);
  } finally {
    void opened.close();
  }
});

test('a thousand delivered messages are kept for repair, however many there were', () => {
  const opened = openHomeStore();
  try {
    const { store } = opened;
    store.commit(Array.from({ length: 1_300 }, (_, i) => queued(i + 1)));
    for (let seq = 100; seq <= 1_200; seq += 100) store.commit([settled(seq)]);
    const kept = store.outgoing('bob', { epoch: EPOCH, after: 0, upTo: 9_999, limit: 9_999 });
    expect([kept.length, kept[0]?.seq, kept.at(-1)?.seq]).toEqual([1_100, 201, 1_300]);
    expect(store.repairableFrom('bob', filled(1), { sinceWall: 0, limit: 5_000 })).toBe(201);
    expect((store as Home).history.page({ limit: 1_000 }).entries).toHaveLength(1_000);
    expect(store.standing('bob')?.outbox).toMatchObject({ waiting: 100, settled: 1_200 });
  } finally {
    void opened.close();
  }
});

test('a message that is queued again while it waits waits once', () => {
  const opened = openHomeStore();
  try {
    const { store } = opened;
    const twice = queued(2) as Extract<ReturnType<typeof queued>, { type: 'outbox-put' }>;
    store.commit([queued(1), { ...twice, row: { ...twice.row, id: idOf(1_001) } }, queued(3)]);
    const waiting = () => store.standing('bob')?.outbox?.waiting;
    expect(waiting()).toBe(2);
    store.commit([{ type: 'outbox-epoch', peer: 'bob', former: EPOCH, epoch: PEER_EPOCH }]);
    expect([waiting(), store.standing('bob')?.outbox?.assigned]).toEqual([2, 2]);
    const rows = store.outgoing('bob', { epoch: PEER_EPOCH, after: 0, upTo: 9, limit: 9 });
    expect(rows.map(({ id }) => id)).toEqual([idOf(1_001), idOf(1_003)]);
  } finally {
    void opened.close();
  }
});
