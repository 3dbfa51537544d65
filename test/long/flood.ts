import { loadavg } from 'node:os';
import { flood, percentile } from '../net/flood/flood.ts';
import type { LongPart } from './part.ts';

const PER_SECOND = 5_000;
const SECONDS = 30;
const WARM_UP_SECONDS = 10;

const MEBIBYTE = 1_048_576;
/** The published bound (SECURITY.md): what an unproven connection may take, and a session in both directions. */
const UNPROVEN_BYTES = 64 * 4_096;
const SESSION_BYTES = 65_536 + MEBIBYTE;
const SESSIONS = 2;
const SLACK_BYTES = 32 * MEBIBYTE;
/**
 * V8 lets its space for new objects grow to 128 MiB in any program that runs for long, and does not give it back: that would
 * hide what a flood takes. Here it is 16 MiB.
 */
const YOUNG_GENERATION = '--max-semi-space-size=8';

export const part: LongPart = {
  name: 'flood',
  description:
    '5,000 hostile connections a second from 200 addresses: pinned peers are served, memory is bounded (F11, F12)',
  async run({ scale, log }) {
    const { attack, idle, before, during, after, cold, messages, sent } = await flood(
      { total: Math.round(PER_SECOND * SECONDS * scale), perSecond: PER_SECOND },
      {
        warmUp: { total: Math.round(PER_SECOND * WARM_UP_SECONDS * scale), perSecond: PER_SECOND },
        flags: [YOUNG_GENERATION],
      },
    );
    const rssMax = Math.max(during.rssMax, after.rssMax);
    const bound = before.rss + UNPROVEN_BYTES + SESSIONS * SESSION_BYTES + SLACK_BYTES;
    const bounds: Readonly<Record<string, boolean>> = {
      'the flood came about': attack.perSecond > PER_SECOND * 0.95,
      'cold p99 < 1 s': percentile(cold, 0.99) < 1_000,
      'messages p99 < 250 ms': percentile(messages, 0.99) < 250,
      'loop delay p99 < 50 ms': during.loopDelayP99 < 50,
      'memory within the formula': rssMax <= bound,
      'at most 64 unproven': during.socketsMax <= 64 + SESSIONS + 2,
      'nothing is lost': after.received === sent,
      'no socket is left': after.sockets === before.sockets && after.otherHandles === before.otherHandles,
    };
    for (const [what, holds] of Object.entries(bounds)) if (!holds) log(`does not hold: ${what}`);
    return {
      ok: Object.values(bounds).every(Boolean),
      figures: {
        connections: attack.opened,
        'connections/s': attack.perSecond,
        'never connected': attack.failed,
        'most sockets at once': during.socketsMax,
        'cold cycles': cold.length,
        ...times('cold', cold),
        messages: messages.length,
        ...times('message', messages),
        'loop delay p99 ms': round(during.loopDelayP99),
        'loop delay max ms': round(during.loopDelayMax),
        'cpu share': round(during.cpuShare),
        'rss idle MiB': round(idle.rss / MEBIBYTE),
        'rss warm MiB': round(before.rss / MEBIBYTE),
        'rss max MiB': round(rssMax / MEBIBYTE),
        'rss bound MiB': round(bound / MEBIBYTE),
        'load of the machine': round(loadavg()[0] ?? 0),
      },
    };
  },
};

function times(what: string, sorted: readonly number[]): Readonly<Record<string, number>> {
  return {
    [`${what} p50 ms`]: round(percentile(sorted, 0.5)),
    [`${what} p99 ms`]: round(percentile(sorted, 0.99)),
    [`${what} max ms`]: round(sorted.at(-1) ?? 0),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
