import { expect, test } from 'vitest';
import type { ChatEvent, SelfView } from '../../api/index.ts';
import { describeEvent, duration } from './describe.ts';
import { eventToJson } from '../../api/to-json/index.ts';

const SELF: SelfView = { username: 'alice', key: '', home: '/h', directory: '/d', listening: [] };

function said(event: ChatEvent): readonly string[] {
  return describeEvent(event, SELF, 'shell').map(({ text }) => text);
}

test('what a peer has lost is said, and how the rest goes out again', () => {
  const event = { type: 'messages-lost-by-peer', name: 'bob', count: 12, resent: 10 } as const;
  expect(said(event)).toEqual([
    '· bob has lost 12 messages of yours; 10 go out again',
    '  To send the other 2 again: sotto outbox resend bob --since 30d',
  ]);
  expect(said({ ...event, resent: 12 })).toEqual(['· bob has lost 12 messages of yours; 12 go out again']);
  expect(said({ ...event, count: 1, resent: 0 })).toEqual([
    '· bob has lost 1 message of yours',
    '  To send them again: sotto outbox resend bob --since 30d',
  ]);
  expect(eventToJson(event)).toEqual({ ...event });
});

test('of a peer that numbers anew is said what is known of what it has kept', () => {
  expect(said({ type: 'peer-restarted', name: 'bob', isFromCopy: true })).toEqual([
    '· bob has come back from an older or repaired copy: what it wrote to you last may be missing there',
  ]);
  expect(said({ type: 'peer-restarted', name: 'bob' })).toEqual([
    '· bob has started anew, and may have kept nothing from before',
  ]);
  const copy = { type: 'peer-restarted', name: 'bob', from_copy: true };
  expect(eventToJson({ type: 'peer-restarted', name: 'bob', isFromCopy: true })).toEqual(copy);
});

test('a clock that is off is said with the amount and the direction (CLK-01)', () => {
  expect(said({ type: 'clock-skew', name: 'bob', skewMs: 10_800_000 })[0]).toContain('3 h ahead of this one');
  expect(said({ type: 'clock-skew', name: 'bob', skewMs: -34_560_000_000 })[0]).toContain(
    '400 d behind this one',
  );
  expect(eventToJson({ type: 'clock-skew', name: 'bob', skewMs: -5 })).toEqual({
    type: 'clock-skew',
    name: 'bob',
    skew_ms: -5,
  });
});

test('a disk that works again is good news, without the code of a trouble', () => {
  const [line] = describeEvent({ type: 'disk-recovered' }, SELF, 'loop');
  expect(line).toEqual({
    text: '· the disk can be written again: texts are taken and sent as before',
    style: 'good',
  });
  expect(eventToJson({ type: 'disk-recovered' })).toEqual({ type: 'disk-recovered' });
});

test('a duration has one unit, that of its size', () => {
  expect([42, 1000, 9999, 60_000, 120_000, 7_200_000, 172_800_000].map((ms) => duration(ms))).toEqual([
    '42 ms',
    '1 s',
    '9999 ms',
    '60 s',
    '2 min',
    '2 h',
    '2 d',
  ]);
});

test('deletion for age is never silent', () => {
  const event = { type: 'messages-deleted', count: 3, keepMs: 90 * 86_400_000 } as const;
  expect(said(event)).toEqual(['· deleted 3 messages that were older than 90 d (--keep)']);
  expect(eventToJson(event)).toEqual({ type: 'messages-deleted', count: 3, keep_ms: 7_776_000_000 });
});
