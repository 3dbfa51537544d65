import type { SelfView } from '../../api/index.ts';

/** What becomes of a text that is not delivered when the last program of a home ends. */
export const KEPT = 'kept; goes out when Sotto next runs';

/** What becomes of a text that is not delivered when a command ends. Only the program that stays has a listener. */
export function keptWords(self: SelfView): string {
  return self.listening.length > 0 ? 'kept; the running Sotto goes on trying' : KEPT;
}
