import type { HistoryEntry } from '../../api/index.ts';
import { clock, day, dayAndTime, sentence, type Line } from './describe.ts';
import { shortId } from '../lookup/message-id.ts';

/** Clocks further apart than this are both shown. */
const SKEW_SHOWN_MS = 300_000;

/** What was said, for people: a line for each new day, then time, name and text. Bodies hang, so that none looks like an entry. */
export class HistoryLines {
  readonly #withIds: boolean;
  #day = '';

  constructor(options: { readonly withIds: boolean } = { withIds: false }) {
    this.#withIds = options.withIds;
  }

  of(entry: HistoryEntry): readonly Line[] {
    const { storedAtWall, text } = entry;
    const today = day(storedAtWall);
    const [first = '', ...rest] = text.safe.split('\n');
    const lines: Line[] = today === this.#day ? [] : [{ text: `— ${today} —`, style: 'dim' }];
    this.#day = today;
    const id = this.#withIds ? `${shortId(entry.id)} ` : '';
    const name = entry.direction === 'in' ? entry.with : `→ ${entry.with}`;
    lines.push({
      text: `${clock(storedAtWall).slice(0, 5)} ${id}${name}${writtenWords(entry)}: ${first}`,
      style: 'plain',
    });
    for (const line of rest) lines.push({ text: `      | ${line}`, style: 'plain' });
    const state = stateWords(entry);
    if (state !== undefined) lines.push({ text: `      (${state})`, style: 'bad' });
    return lines;
  }
}

function writtenWords({ writtenAtWall, storedAtWall }: HistoryEntry): string {
  return Math.abs(writtenAtWall - storedAtWall) > SKEW_SHOWN_MS
    ? ` (written ${dayAndTime(writtenAtWall)})`
    : '';
}

/** Nothing where all is well: it came, or was delivered. */
function stateWords({ outcome }: HistoryEntry): string | undefined {
  if (!outcome || outcome.state === 'delivered') return undefined;
  const words = {
    queued: 'queued, not delivered yet',
    sent: 'sent, not confirmed yet',
    refused: 'refused',
    failed: 'failed',
    cancelled: 'withdrawn, not delivered',
    expired: 'given up, not delivered',
  }[outcome.state];
  return outcome.reason === undefined || outcome.state === 'cancelled'
    ? words
    : `${words}: ${sentence(outcome.reason)}`;
}
