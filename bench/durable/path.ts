import { percentile } from '../statistics.ts';
import type { Answer } from './messages.ts';

/** The sender's, before a text leaves, and the receiver's, before its ack does. */
export const COMMITS_ON_PATH = 2;

/** How many commits of both ends began while a text was under way. Throws unless it is that many. */
export function commitsOnPath(trips: Answer['trips'] = [], ends: readonly Answer[]): number {
  const commits = ends.flatMap((end) => end.commits ?? []).toSorted((a, b) => a - b);
  let next = 0;
  const counts = trips.map(([began, acked]) => {
    while ((commits[next] ?? Number.NaN) < began) next++;
    const first = next;
    while ((commits[next] ?? Number.NaN) < acked) next++;
    return next - first;
  });
  const [least, usual] = [Math.min(...counts), percentile(counts, 0.99)];
  // That texts were shown is stored with the next commit; only on a machine that stands still a commit of its own comes first.
  if (least === COMMITS_ON_PATH && usual === COMMITS_ON_PATH) return usual;
  throw new Error(
    `${COMMITS_ON_PATH} commits lie on the path of a text, not ${least} to ${usual} (in 99 % of ${counts.length})`,
  );
}
