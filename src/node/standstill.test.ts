import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Instant } from '../base/index.ts';
import type { Engine, EngineInput } from '../engine/index.ts';
import { MemoryStore } from '../testing/index.ts';
import type { Links } from './links.ts';
import { Trace } from './trace.ts';
import { TurnLoop } from './turn-loop.ts';

const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function loopOf(engine: { readonly openLinks: number; readonly deadline: () => Instant | undefined }): {
  readonly loop: TurnLoop;
  readonly resumed: () => number;
} {
  const inputs: EngineInput['type'][] = [];
  const handle = ({ type }: EngineInput) => (inputs.push(type), []);
  const loop = new TurnLoop({
    engine: { ...engine, handle } as unknown as Engine,
    store: new MemoryStore(),
    links: { flush: () => undefined, readOn: () => undefined } as unknown as Links,
    trace: new Trace(undefined, () => undefined),
    publish: () => undefined,
    ownChanges: () => [],
    onTurn: () => undefined,
  });
  return { loop, resumed: () => inputs.filter((type) => type === 'resumed').length };
}

test('a program with nothing to wait for has not stood still when it next has something to do (CLK-05)', async () => {
  const { loop, resumed } = loopOf({ openLinks: 0, deadline: () => undefined });
  for (let turn = 0; turn < 3; turn++) {
    loop.schedule();
    await vi.advanceTimersByTimeAsync(60_000);
  }
  expect(resumed()).toBe(0);
  loop.stop();
});

test('while a dial waits for its moment a sleep is noticed, though no session is up (CLK-04)', async () => {
  const { loop, resumed } = loopOf({ openLinks: 0, deadline: () => performance.now() + HOUR });
  loop.schedule();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(resumed()).toBe(0);
  vi.setSystemTime(Date.now() + 8 * HOUR);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(resumed()).toBe(1);
  loop.stop();
});
