import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Chat, ChatEvent } from '../../src/api/index.ts';
import type { Change } from '../../src/engine/index.ts';
import { systemEntropy } from '../../src/primitives/index.ts';
import { openHome, type Home } from '../../src/store/index.ts';
import { homeInMemory, startOn, type OwnHome } from '../in-memory.ts';
import { BareLog, LogGrowth } from './bare-log.ts';
import type { LogSizes, StoreKind } from './messages.ts';

export interface PersonOptions {
  readonly store: StoreKind;
  /** For the store kind `log`. */
  readonly sizes?: LogSizes | undefined;
  /** Whether to see how much of the database's log each commit takes. */
  readonly isRecording: boolean;
  /** Sees each transaction before it is committed. */
  readonly onCommit: (changes: readonly Change[]) => void;
}

/** The whole program in process, on one kind of store. */
export class Person {
  readonly chat: Chat;
  readonly #growth: LogGrowth;
  readonly #reading: Promise<void>;
  onEvent: (event: ChatEvent) => void = () => {};

  static async open(own: OwnHome, options: PersonOptions): Promise<Person> {
    const growth = new LogGrowth(join(own.home, 'sotto.db'));
    const home = homeOf(own, options);
    const commit = home.commit.bind(home);
    home.commit = (changes) => {
      options.onCommit(changes);
      if (options.isRecording) growth.during(changes, () => commit(changes));
      else commit(changes);
    };
    return new Person(await startOn(home, own), growth);
  }

  private constructor(chat: Chat, growth: LogGrowth) {
    this.chat = chat;
    this.#growth = growth;
    this.#reading = this.#read();
  }

  /** What its commits wrote to the log of a database. */
  get sizes(): LogSizes {
    return this.#growth.sizes;
  }

  async close(): Promise<void> {
    await this.chat.close({ graceMs: 500 });
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const event of this.chat.events({ isScreen: true })) this.onEvent(event);
  }
}

/** The same transactions into a new database, one after the other as fast as it goes. Seconds. */
export function replay(path: string, transactions: readonly (readonly Change[])[]): number {
  using home = homeOnDisk({ home: path, as: 'replayed' });
  const began = performance.now();
  for (const changes of transactions) home.commit(changes);
  const seconds = (performance.now() - began) / 1_000;
  rmSync(path, { recursive: true });
  return seconds;
}

function homeOf(own: OwnHome, { store, sizes }: PersonOptions): Home {
  if (store === 'database') return homeOnDisk(own);
  const home = homeInMemory(own);
  if (store === 'memory') return home;
  if (!sizes) throw new Error('nobody knows what to write to the log');
  return withLog(home, new BareLog(`${own.home}.log`, sizes));
}

function homeOnDisk({ home, as = '' }: Pick<OwnHome, 'as' | 'home'>): Home {
  return openHome({ folder: home, username: as, newSecret: () => systemEntropy.bytes(32) });
}

function withLog(home: Home, log: BareLog): Home {
  const commit = home.commit.bind(home);
  return Object.assign(home, {
    commit: (changes: readonly Change[]) => {
      commit(changes);
      if (changes.length > 0) log.append(changes);
    },
    [Symbol.dispose]: () => log[Symbol.dispose](),
  });
}
