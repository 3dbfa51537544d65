import type { Now } from '../base/index.ts';
import type { EngineCore } from './core.ts';
import type { Peer } from './peer.ts';

// A contact that can only be dialled by us, not dial us, hears nothing of ours and we nothing of its unless a session is up:
// until it has reached us once, its session is kept (spec/05 “Kept sessions”).

/** That a contact reaches us is noted at most this often. */
const REACHED_NOTED_EVERY_MS = 86_400_000;

/** Whether the session to this contact is kept while we run, and dialled again when it is lost. */
export function isKept(core: EngineCore, peer: Peer): boolean {
  if (core.options.isKeepingSessions !== true || core.isEnding()) return false;
  if (peer.reachedUsWall !== undefined || !peer.entry || peer.dial.isUnwelcome) return false;
  const { pin, pending } = core.desk.book.record(peer.name);
  return pin !== undefined && pending === undefined;
}

/** The contact has dialled us and proven itself. */
export function noteReached(core: EngineCore, peer: Peer, now: Now): void {
  const atWall = Math.max(0, Math.round(now.wall));
  // Clocks jump, backwards too.
  const isKnown =
    Math.abs(atWall - (peer.reachedUsWall ?? Number.NEGATIVE_INFINITY)) < REACHED_NOTED_EVERY_MS;
  if (isKnown) return;
  peer.reachedUsWall = atWall;
  core.emit({ type: 'commit', changes: [{ type: 'reached-us', peer: peer.name, atWall }] });
}
