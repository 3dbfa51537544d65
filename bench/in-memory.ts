// The whole program, only that it keeps its messages in memory: what is left when nothing is durable.
import type { Chat, ChatOptions } from '../src/api/index.ts';
import { loadDirectory } from '../src/node/load-directory.ts';
import { Node } from '../src/node/node.ts';
import { systemEntropy } from '../src/primitives/index.ts';
import type { Home } from '../src/store/index.ts';
import { MemoryStore } from '../src/testing/index.ts';

export type OwnHome = ChatOptions & { readonly home: string };

const homes = new Map<string, Home>();

/** A home lasts as long as the process: whoever opens it again is the same person. */
export async function openInMemory(options: OwnHome): Promise<Chat> {
  const home = homes.get(options.home) ?? homeInMemory(options);
  homes.set(options.home, home);
  return startOn(home, options);
}

/** What `openChat` does once it has a home. */
export async function startOn(home: Home, options: ChatOptions): Promise<Chat> {
  const { directory } = loadDirectory(options.directory);
  const node = new Node(options, { path: options.directory, directory, home, trace: undefined });
  return node.start({ options, env: {}, watching: new AbortController(), yieldHome: () => false });
}

/** What the program asks of a home, without a file. */
export function homeInMemory({ home, as = '' }: OwnHome): Home {
  const history = { unshown: () => [] };
  return Object.assign(new MemoryStore(), {
    folder: home,
    username: as,
    secret: systemEntropy.bytes(32),
    notices: [],
    history,
    tidy: () => false,
    [Symbol.dispose]: () => undefined,
  }) as unknown as Home;
}
