import type { ChatOptions, HomeTool } from '../api/index.ts';
import { CodedError, decodeUtf8 } from '../base/index.ts';
import type { FakeChat } from './fake-chat.ts';

/** The home of a fake chat, under its passphrase if it has one. */
export function fakeHome(chat: FakeChat): HomeTool {
  return {
    isLocked: async () => chat.passphrase !== undefined,
    checkPassphrase: async (options) => mustUnlock(chat, options),
    setPassphrase: async (options, next) => {
      await mustUnlock(chat, options);
      chat.passphrase = next && textOf(next);
      chat.calls.push(next ? `passphrase ${chat.passphrase}` : 'no passphrase');
    },
    restore: async ({ from, passphrase, home = '/home/alice/.local/share/sotto/alice' }) => {
      chat.calls.push(`restore ${from} ${textOf(passphrase)}`);
      return { home, username: 'alice' };
    },
  };
}

/** Rejects with locked or passphrase-wrong. */
export async function mustUnlock(
  chat: FakeChat,
  { passphrase }: Pick<ChatOptions, 'passphrase'>,
): Promise<void> {
  if (chat.passphrase === undefined) return;
  if (!passphrase) throw new CodedError({ code: 'locked', message: 'the home is under a passphrase' });
  if (textOf(await passphrase()) !== chat.passphrase)
    throw new CodedError({ code: 'passphrase-wrong', message: 'that is not the passphrase of the home' });
}

export function textOf(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? '';
}
