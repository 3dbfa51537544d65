import { PassThrough } from 'node:stream';
import type { Chat } from '../../src/api/index.ts';
import { connectChannel, connectControl, controlPath, serveStdio } from '../../src/control/index.ts';

export interface Implementation {
  readonly name: string;
  /** A chat that is served by this one, which listens on a home in this folder. Closing it leaves this one as it is. */
  open(chat: Chat, home: string): Promise<Chat>;
}

/** Every way in which a program can have a `Chat`. */
export const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: 'in the program itself', open: async (chat) => withoutEnd(chat) },
  { name: 'over its socket', open: async (_chat, home) => connectControl(controlPath(home, {})) },
  { name: 'over two streams', open: overStreams },
];

async function overStreams(chat: Chat): Promise<Chat> {
  const [asked, answered] = [new PassThrough(), new PassThrough()];
  void serveStdio(chat, { input: asked, output: answered });
  return connectChannel({
    input: answered,
    output: asked,
    end: (left) => void asked.end(left),
    cut: () => void asked.destroy(),
  });
}

function withoutEnd(chat: Chat): Chat {
  const stay = async (): Promise<void> => undefined;
  return new Proxy(chat, {
    get: (target, key) => {
      if (key === 'close' || key === Symbol.asyncDispose) return stay;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
