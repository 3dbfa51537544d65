import { expect, test } from 'vitest';
import { openRecordingProxy } from './recording-proxy.ts';
import { openTown } from './town.ts';
import { until } from './until.ts';

// Every byte of both handshakes is cut on virtual time in test/scenarios; here a few on real sockets, with a real RST.

const PREFACE = 8;
const MESSAGE_1 = PREFACE + 1_218;
const MESSAGE_2 = MESSAGE_1 + 1_202;
const MESSAGE_3 = MESSAGE_2 + 66;
const PAKE1 = MESSAGE_3 + 183;
const PAKE2 = PAKE1 + 83;
const PAKE3 = PAKE2 + 51;
const READY = PAKE3 + 530;

const CUTS = [
  1,
  PREFACE,
  PREFACE + 1,
  MESSAGE_1 - 1,
  MESSAGE_1,
  MESSAGE_2 - 1,
  MESSAGE_2,
  MESSAGE_3,
  PAKE1 - 1,
  PAKE1,
  PAKE2 - 1,
  PAKE2,
  PAKE3 - 1,
  PAKE3,
  READY - 1,
  READY,
  READY + 1,
  READY + 530,
  READY + 531,
  READY + 3 * 530,
  READY + 4 * 530 - 1,
];

async function talkOverACut(cutFirstAfter: number): Promise<void> {
  await using town = await openTown(['alice', 'bob']);
  await using proxy = await openRecordingProxy(town.port('bob'), { cutFirstAfter });
  // It is her dial that is cut; then he dials as well.
  await town.onlyDials('alice', 'bob', proxy.port);
  const [bob, alice] = [await town.open('bob'), await town.open('alice')];
  const isCut = until('the first connection is cut', () => proxy.recordings[0]?.isOpen === false).then(() =>
    town.edit('bob', 'alice', {}),
  );
  const texts = ['one', 'two', 'three'];
  for (const text of texts) {
    await alice.sendDelivered('bob', text);
    await bob.sendDelivered('alice', `${text}!`);
  }
  await isCut;
  expect(bob.texts(), `${cutFirstAfter}`).toEqual(texts);
  expect(alice.texts(), `${cutFirstAfter}`).toEqual(texts.map((text) => `${text}!`));
  const [first] = proxy.recordings;
  expect((first?.fromDialler.length ?? 0) + (first?.fromListener.length ?? 0)).toBe(cutFirstAfter);
  expect([...alice.all('trouble'), ...bob.all('trouble')], `${cutFirstAfter}`).toEqual([]);
}

test(`a reset after ${CUTS.length} numbers of bytes of a first contact: every text arrives once and in order (NET-18)`, async () => {
  await Promise.all(CUTS.map(async (bytes) => talkOverACut(bytes)));
});
