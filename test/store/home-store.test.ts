import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../../src/store/index.ts';
import { describeStoreContract, type OpenedStore } from './store-contract.ts';

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
