import { failure, success, type Result } from '../../base/index.ts';

// Rules against downgrades (spec/02 "Versions"). Today there is one version; the rules are written for more, so that what
// pins remember and what READY says is true when the second one comes.

/** The highest protocol version this program speaks. */
export const PROTOCOL_VERSION_MAX = 1;

const HINT = 'Nothing of it counts. One of the two programs is faulty, or somebody wants the older version.';

/** What both sides said of their versions (spec/03). */
export interface VersionChoice {
  /** The preface's: what this connection speaks. */
  readonly chosen: number;
  readonly ownMax: number;
  /** READY's `max_version`, authenticated. */
  readonly peerMax: number;
  /** The pin's: what this pair is known to be able to. */
  readonly minVersion: number;
}

/** The connection speaks the highest version that both sides do, and none below the pin's, else version-downgrade. */
export function checkVersion({ chosen, ownMax, peerMax, minVersion }: VersionChoice): Result<void> {
  if (chosen !== Math.min(ownMax, peerMax)) {
    const message = `The connection speaks version ${chosen}, although both sides speak ${Math.min(ownMax, peerMax)}.`;
    return failure('version-downgrade', message, HINT);
  }
  if (chosen < minVersion) {
    const message = `The connection speaks version ${chosen}, although this pair has spoken ${minVersion}.`;
    return failure('version-downgrade', message, HINT);
  }
  return success(undefined);
}

/** What a usable session proves both sides able to: the pin's minimum only rises. */
export function raiseMinVersion({ ownMax, peerMax, minVersion }: Omit<VersionChoice, 'chosen'>): number {
  return Math.max(minVersion, Math.min(ownMax, peerMax));
}
