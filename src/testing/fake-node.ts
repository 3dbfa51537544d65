// A node that runs, or does not, without any process: what commands make of it can be tested.
import type { Chat, HomeOptions, NodeTool, RunningNode, StatusView } from '../api/index.ts';
import { CodedError, decodeUtf8, type Failure } from '../base/index.ts';
import type { FakeChat } from './fake-chat.ts';

/** What has the home: a node of its own, a person's loop, or a command that only sends. */
export type FakeRunning = 'node' | 'attended' | 'passing';

export interface FakeNodeOptions {
  readonly running: FakeRunning | undefined;
  /** Why none can be started. */
  readonly start: () => Failure | undefined;
}

const LOG = '/home/alice/.local/share/sotto/alice/log';

export interface FakeNode extends NodeTool {
  /** A program of this test has become the node, and may be ended. */
  serves(onEnd: () => void): void;
}

/** What it is asked is in the chat’s `calls`. */
export function fakeNode(chat: FakeChat, options: FakeNodeOptions): FakeNode {
  let { running } = options;
  let onEnd = (): void => undefined;
  const status = async (): Promise<StatusView> => ({
    ...(await chat.status()),
    mode: running === 'passing' ? 'dial' : 'listen',
    isAttended: running !== 'node',
  });
  const find = async (_home: HomeOptions): Promise<RunningNode | undefined> => {
    if (!running) return undefined;
    chat.openedAs(running === 'passing' ? 'dial' : 'listen');
    return { status: await status(), chat: guestOf(chat) };
  };
  return {
    find,
    attach: async (home) => (running === 'node' ? (await find(home))?.chat : undefined),
    start: async ({ args, passphrase }) => {
      chat.calls.push(`start ${args.join(' ')}`);
      const failure = options.start();
      if (failure) throw new CodedError(failure);
      if (chat.passphrase !== undefined && chat.passphrase !== textOf(passphrase))
        throw passphrase ? wrong() : locked();
      running = 'node';
      chat.openedAs('listen');
      return { status: await status(), notices: ['· something is to be said'], log: { path: LOG } };
    },
    end: async () => {
      if (!running) return false;
      if (running !== 'node') throw new CodedError({ code: 'node-attended', message: 'somebody sits there' });
      running = undefined;
      chat.calls.push('end');
      onEnd();
      return true;
    },
    launched: () => ({ ready: () => undefined, failed: () => undefined, keepLogShort: () => undefined }),
    serveStdio: async () => {
      chat.calls.push('serve stdio');
    },
    serves: (end) => {
      running = 'node';
      onEnd = end;
    },
  };
}

/** Closing it leaves the chat as it is. */
function guestOf(chat: FakeChat): Chat {
  const leave = async (): Promise<void> => undefined;
  return new Proxy<Chat>(chat, {
    get: (_chat, key) => {
      if (key === 'close' || key === Symbol.asyncDispose) return leave;
      const value: unknown = Reflect.get(chat, key, chat);
      return typeof value === 'function' ? (value.bind(chat) as unknown) : value;
    },
  });
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && decodeUtf8(bytes);
}

function locked(): CodedError {
  return new CodedError({ code: 'locked', message: 'the home is under a passphrase' });
}

function wrong(): CodedError {
  return new CodedError({ code: 'passphrase-wrong', message: 'that is not the passphrase of the home' });
}
