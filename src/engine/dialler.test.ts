import { expect, test } from 'vitest';
import type { Instant } from '../base/index.ts';
import { nativePrimitives } from '../primitives/index.ts';
import { directoryFor, MemoryStore } from '../testing/index.ts';
import { fastSeededEntropy } from '../testing/entropy.ts';
import { DIALS_MAX } from './dialler.ts';
import { Engine } from './engine.ts';
import type { EngineInput, LinkId } from './types.ts';

const NO_ANSWER_MS = 10_000;

/** When the last of so many contacts, for each of whom a text waits and none of whom answers, is called for the first time. */
function lastIsCalledAt(contacts: number): Instant {
  const entropy = fastSeededEntropy(3);
  const people = Array.from({ length: contacts }, (_, i) => ({ username: `person-${i}`, port: 7_001 + i }));
  const secret = entropy.bytes(32);
  let links = 0;
  const engine = new Engine({
    primitives: nativePrimitives,
    entropy,
    self: 'me',
    keys: { secret, publicKey: nativePrimitives.x25519PublicKey(secret) },
    directory: directoryFor([{ username: 'me', port: 7_000 }, ...people]),
    ledger: new MemoryStore(),
    records: [],
    lingerMs: 60_000,
    nextLink: () => ++links as LinkId,
  });
  let now = 0;
  const time = () => ({ monotonic: now, wall: 1_700_000_000_000 + now });
  for (const { username } of people) engine.commands.sendText({ to: username, text: 'hello' }, time());
  const underWay: { readonly link: LinkId; readonly endsAt: Instant }[] = [];
  const called = new Set<number>();
  const input = (given: EngineInput): void => {
    for (const output of engine.handle(given, time())) {
      if (output.type !== 'dial') continue;
      called.add(output.port);
      underWay.push({ link: output.link, endsAt: now + NO_ANSWER_MS });
    }
  };
  input({ type: 'turn-ended' });
  while (!called.has(7_000 + contacts)) {
    expect(underWay.length).toBeLessThanOrEqual(DIALS_MAX);
    now = Math.max(now, Math.min(engine.deadline() ?? Infinity, underWay[0]?.endsAt ?? Infinity));
    while ((underWay[0]?.endsAt ?? Infinity) <= now) {
      const { link } = underWay.shift()!;
      input({ type: 'dial-failed', link, failure: { code: 'connect-timeout', message: 'No answer.' } });
    }
    input({ type: 'turn-ended' });
  }
  return now;
}

test('those who never answer do not keep out who stands behind them: each is called before any is called again (NET-19)', () => {
  expect([1, 10, 11, 20, 21, 80].map(lastIsCalledAt)).toEqual([0, 0, 10_000, 10_000, 20_000, 70_000]);
});
