import { setTimeout as pause } from 'node:timers/promises';
import type { Chat, ChatOptions, Services } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';

/** Who has the messages: this program, or the one that listens with this home already. */
export interface Host {
  readonly chat: Chat;
  readonly isGuest: boolean;
}

/** A running program that was ended is often started again at once: a new version, another configuration. */
const NEXT_WAIT_MS = 3_000;
const AGAIN_MS = 200;
/** Between a look and the opening another program may have begun. */
const OPENINGS_MAX = 2;

/** The program that listens with the home, else this one begins to. Rejects as `openChat` does. */
export async function openHost(services: Services, options: ChatOptions, signal: AbortSignal): Promise<Host> {
  for (let opening = 1; ; opening++) {
    const guest = await findListening(services, options, signal);
    if (guest) return { chat: guest, isGuest: true };
    try {
      return { chat: await services.openChat(options, { signal }), isGuest: false };
    } catch (error) {
      const isLocked = error instanceof CodedError && error.code === 'home-locked';
      if (!isLocked || opening === OPENINGS_MAX) throw error;
    }
    await pause(AGAIN_MS, undefined, { signal });
  }
}

/** After the one that listened has gone: resolves when the next one listens, or none has come for a while. True when it is one. */
export async function nextListens(
  services: Services,
  options: ChatOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const giveUpAt = performance.now() + NEXT_WAIT_MS;
  while (performance.now() < giveUpAt) {
    // In any case: whoever is sent away again and again shall not ask all the time.
    await pause(AGAIN_MS, undefined, { signal });
    const guest = await findListening(services, options, signal);
    await guest?.close();
    if (guest) return true;
  }
  return false;
}

/** Who has the home for a moment only leaves it to whoever listens. */
async function findListening(
  services: Services,
  options: ChatOptions,
  signal: AbortSignal,
): Promise<Chat | undefined> {
  const running = await services.node.find(options, { signal });
  if (running?.status.mode === 'listen') return running.chat;
  await running?.chat.close();
  return undefined;
}
