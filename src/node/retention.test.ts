import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ChatEvent, EraseQuery } from '../api/index.ts';
import { Retention } from './retention.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

const connected = (name: string): ChatEvent => ({ type: 'contact-connected', name, firstContact: false });
const received = (writtenAtWall: number, storedAtWall = writtenAtWall) =>
  ({ direction: 'in', writtenAtWall, storedAtWall }) as const;
const sent = (storedAtWall: number) =>
  ({ direction: 'out', writtenAtWall: storedAtWall, storedAtWall }) as const;

/** With messages kept for 90 days. */
function begin(newest: readonly (ReturnType<typeof received> | ReturnType<typeof sent>)[]): {
  readonly retention: Retention;
  /** Before when everything was deleted, in days from the start, each time. */
  readonly bounds: number[];
  readonly published: readonly ChatEvent[];
} {
  const bounds: number[] = [];
  const published: ChatEvent[] = [];
  const erase = async ({ beforeWall = 0 }: EraseQuery): Promise<number> => {
    bounds.push((beforeWall - START) / DAY + 90);
    return 3;
  };
  const retention = new Retention({
    keepMs: 90 * DAY,
    erase,
    newest,
    publish: (event) => void published.push(event),
  });
  retention.start(new AbortController().signal);
  return { retention, bounds, published };
}

test('a clock that is 400 days ahead deletes nothing early, whatever was queued under it (CLK-03)', async () => {
  vi.setSystemTime(START + 400 * DAY);
  const wrong = received(START - DAY, START + 400 * DAY);
  const { bounds, retention } = begin([sent(START + 399 * DAY), received(START - 2 * DAY), wrong]);
  expect(bounds).toEqual([0]);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(bounds).toEqual([0, expect.closeTo(1 / 24)]);
  retention.heard({ type: 'clock-skew', name: 'bob', skewMs: -400 * DAY });
  retention.heard(connected('bob'));
  expect(bounds).toHaveLength(2);
});

test('a contact whose clock agrees confirms ours, at once and from then on; a later jump is doubted again (CLK-03)', async () => {
  const { bounds, retention } = begin([received(START - 50 * DAY)]);
  expect(bounds).toEqual([-49]);
  retention.heard(connected('bob'));
  retention.heard(connected('carol'));
  expect(bounds).toEqual([-49, 0]);
  vi.setSystemTime(START + 400 * DAY);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(bounds).toEqual([-49, 0, expect.closeTo(1 + 1 / 24)]);
});

test('where nobody has ever written nothing is deleted until a contact was met', () => {
  const { bounds, retention } = begin([sent(START)]);
  expect(bounds).toEqual([]);
  retention.heard(connected('bob'));
  expect(bounds).toEqual([0]);
});

test('whoever looks on is told how many messages were deleted for their age', async () => {
  const { published } = begin([received(START - 50 * DAY)]);
  await vi.advanceTimersByTimeAsync(0);
  expect(published).toEqual([{ type: 'messages-deleted', count: 3, keepMs: 90 * DAY }]);
});
