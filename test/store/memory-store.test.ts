import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../src/base/index.ts';
import type { Change } from '../../src/engine/index.ts';
import { MemoryStore } from '../../src/testing/index.ts';
import { describeStoreContract, type OpenedStore } from './store-contract.ts';

function openMemoryStore(store = new MemoryStore()): OpenedStore {
  return { store, reopen: () => openMemoryStore(store), close: () => {} };
}

describeStoreContract('in memory', openMemoryStore);

const PUT: Change = {
  type: 'outbox-put',
  peer: 'bob',
  epoch: new Uint8Array(16),
  row: { seq: 1, id: 'an id', type: 'text', plaintext: encodeUtf8('text'), timestamp: 0 },
};

test('a store that refuses has written nothing, or all of it and does not say so', () => {
  const store = new MemoryStore();
  store.refusal = 'before';
  expect(() => store.commit([PUT])).toThrow(expect.objectContaining({ code: 'home-unusable' }));
  expect(store.standing('bob')).toBeUndefined();
  store.refusal = 'after';
  expect(() => store.commit([PUT])).toThrow(expect.objectContaining({ code: 'home-unusable' }));
  store.refusal = 'none';
  store.commit([PUT]);
  expect(store.sent('bob')).toMatchObject([{ seq: 1, text: 'text', state: 'queued' }]);
});
