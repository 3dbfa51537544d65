import { resolve } from 'node:path';
import type { Cancellable, Chat, ChatOptions } from '../api/index.ts';
import { connectControl, controlPath } from '../control/client/index.ts';
import { findOwnHome } from '../store/own/index.ts';
import { loadDirectory } from './load-directory.ts';
import type { Environment, Opening } from './open-node.ts';
import { PassingChat, type Reopen } from './passing-chat.ts';
import { ifReached, mustBeOf } from './reached.ts';

/** Opens the whole program on one directory file and one home; see `ChatOptions` for what it rejects with. */
export async function openChat(
  options: ChatOptions,
  env: Environment,
  cancel: Cancellable = {},
): Promise<Chat> {
  const { mode } = options;
  if (mode === 'listen')
    return openOnce(options, env, { ...cancel, isYielding: false, yieldHome: () => false });
  let passing: PassingChat | undefined;
  const yieldHome = (): boolean => {
    passing?.yieldHome();
    return passing !== undefined;
  };
  const reopen: Reopen = async (how) => openOnce(options, env, { ...how, yieldHome });
  const chat = await reopen({ ...cancel, isYielding: false });
  passing = new PassingChat(chat, { reopen, isFollowing: mode === 'dial' });
  return passing;
}

/** Whoever has the home already serves it: most commands then need nothing of the program but its client. */
async function openOnce(options: ChatOptions, env: Environment, opening: Opening): Promise<Chat> {
  const { mode, answerWithinMs } = options;
  const begunAt = performance.now();
  if (mode !== 'listen') {
    const { directory } = loadDirectory(resolve(options.directory));
    const { folder, username } = findOwnHome(options, directory, env);
    if (opening.signal?.aborted) throw opening.signal.reason;
    const patience = answerWithinMs === undefined ? {} : { answerWithinMs };
    const chat = await ifReached(connectControl(controlPath(folder, env), patience));
    if (chat) return mustBeOf(chat, username);
  }
  const { openNode } = await import('./open-node.ts');
  return openNode(options, env, { ...opening, begunAt });
}
