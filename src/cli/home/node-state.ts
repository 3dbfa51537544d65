import type { HomeOptions, Services, StatusView } from '../../api/index.ts';
import { CodedError } from '../../base/index.ts';
import type { CliContext } from '../context.ts';

/** The node that runs already; undefined when one may be started. Rejects with node-attended when a person has the home. */
export async function runsAlready(
  options: HomeOptions,
  services: Services,
  { signal }: CliContext,
): Promise<StatusView | undefined> {
  const running = await services.node.find(options, { signal });
  if (!running) return undefined;
  const { status, chat } = running;
  await chat.close();
  if (!status.isAttended) return status;
  // A command that only sends leaves the home to whoever listens.
  if (status.mode !== 'listen') return undefined;
  throw new CodedError({
    code: 'node-attended',
    message: `another Sotto (process ${status.pid}) listens with the home ${status.self.home}, and somebody sits in front of it`,
    hint: 'End it first; or leave it, for it does the same as long as it runs.',
  });
}

/** A home that nobody has made yet is not. */
export async function isUnderPassphrase(options: HomeOptions, services: Services): Promise<boolean> {
  return (await lockOf(options, services)) === 'locked';
}

/** `none`: nobody has made the home yet. */
export async function lockOf(options: HomeOptions, { home }: Services): Promise<'none' | 'open' | 'locked'> {
  try {
    return (await home.isLocked(options)) ? 'locked' : 'open';
  } catch (error) {
    // What else may be wrong with it is said by whoever opens it.
    if (error instanceof CodedError && error.code === 'home-unusable') return 'none';
    throw error;
  }
}

export function notRunning(home: string | undefined, hint: string): CodedError {
  const which = home === undefined ? 'this home' : `the home ${home}`;
  return new CodedError({ code: 'node-not-running', message: `no Sotto runs on ${which}`, hint });
}
