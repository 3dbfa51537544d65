import { rmSync } from 'node:fs';
import type { Chat, ChatEvent, ChatOptions } from '../../src/api/index.ts';
import type { Change } from '../../src/engine/index.ts';
import { loadDirectory } from '../../src/node/load-directory.ts';
import { Node } from '../../src/node/node.ts';
import { systemEntropy } from '../../src/primitives/index.ts';
import { openHome, type Home } from '../../src/store/index.ts';
import { MemoryStore } from '../../src/testing/index.ts';
import type { StoreKind } from './messages.ts';

/** The whole program in process, on a database, or on a store in memory. */
export class Person {
  readonly chat: Chat;
  readonly #reading: Promise<void>;
  onEvent: (event: ChatEvent) => void = () => {};

  /** `onCommit` sees each transaction before it is committed. */
  static async open(
    options: ChatOptions & { readonly home: string },
    store: StoreKind,
    onCommit: (changes: readonly Change[]) => void,
  ): Promise<Person> {
    const home = store === 'memory' ? homeInMemory(options) : homeOnDisk(options);
    const commit = home.commit.bind(home);
    home.commit = (changes) => {
      onCommit(changes);
      commit(changes);
    };
    return Person.#start(options, home);
  }

  static async #start(options: ChatOptions, home: Home): Promise<Person> {
    const { directory } = loadDirectory(options.directory);
    const node = new Node(options, { path: options.directory, directory, home, trace: undefined });
    return new Person(
      await node.start({ options, env: {}, watching: new AbortController(), yieldHome: () => false }),
    );
  }

  private constructor(chat: Chat) {
    this.chat = chat;
    this.#reading = this.#read();
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

function homeOnDisk({ home, as = '' }: Pick<ChatOptions, 'as'> & { readonly home: string }): Home {
  return openHome({ folder: home, username: as, newSecret: () => systemEntropy.bytes(32) });
}

/** What the shell asks of a home, without a file. */
function homeInMemory({ home, as = '' }: Pick<ChatOptions, 'as'> & { readonly home: string }): Home {
  const store = new MemoryStore();
  const history = { unshown: () => [] };
  return Object.assign(store, {
    folder: home,
    username: as,
    secret: systemEntropy.bytes(32),
    notices: [],
    history,
    tidy: () => false,
    [Symbol.dispose]: () => undefined,
  }) as unknown as Home;
}
