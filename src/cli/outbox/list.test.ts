import { expect, test } from 'vitest';
import type { MessageId, OutgoingView } from '../../api/index.ts';
import { clock, dayAndTime } from '../words/describe.ts';
import { outgoingLines } from './list.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

const TEXT: OutgoingView = {
  id: '01910000-0000-7000-8000-0000aaaa0001' as MessageId,
  to: 'bob',
  text: 'hello',
  writtenAtWall: NOW,
  progress: { state: 'queued', held: false },
  position: 1,
};

test('the time at which a text is given up is shown to the second when it is near, else with its day', () => {
  const statusOf = (expiresAtWall: number) => outgoingLines({ ...TEXT, expiresAtWall }, NOW)[1];
  expect(statusOf(NOW + 90_000)).toBe(`  queued just now · given up at ${clock(NOW + 90_000)}`);
  expect(statusOf(NOW + 7_200_000)).toBe(`  queued just now · given up at ${dayAndTime(NOW + 7_200_000)}`);
});
