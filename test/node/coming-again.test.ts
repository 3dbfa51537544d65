import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChatEvent } from '../../src/api/index.ts';
import { belatedly, nameOf, nextTurn, Shelf, STATES, type State } from './shelf.ts';

const STEP = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ type: 'receive' } as const) },
  { weight: 2, arbitrary: fc.constant({ type: 'send' } as const) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('advance' as const), n: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'happen' } as const) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('erase' as const), n: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.constant({ type: 'turn' } as const) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('read' as const), n: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.constant({ type: 'again' } as const) },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' } as const) },
);

test('however often it comes again, each message is told once and in order, and of what was sent the last state last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { maxLength: 60, size: 'max' }),
      fc.boolean(),
      fc.boolean(),
      async (steps, isScreen, isRemembered) => {
        const shelf = new Shelf();
        if (isRemembered) void shelf.hub.open({}).cursor;
        let stream = shelf.hub.open({ isScreen });
        const seen: string[] = [];
        let asked: Promise<IteratorResult<ChatEvent, undefined>> | undefined;
        const ask = async (): Promise<boolean> => {
          asked ??= stream.next();
          const answer = await Promise.race([asked, nextTurn()]);
          if (answer === undefined || answer.done === true) return false;
          asked = undefined;
          seen.push(nameOf(answer.value));
          return true;
        };
        const comeAgain = async (isRestart: boolean): Promise<void> => {
          // What it has asked for it is told before it leaves.
          shelf.endTurn();
          if (asked) await ask();
          const after = stream.cursor;
          asked = undefined;
          await stream.return?.();
          if (isRestart) shelf.restart();
          // From the start, for somebody else.
          if (isRemembered) void shelf.hub.open({}).cursor;
          stream = shelf.hub.open({ isScreen, after });
        };
        for (const step of steps) {
          if (step.type === 'advance') shelf.advance(step.n);
          else if (step.type === 'happen') shelf.happen('x');
          else if (step.type === 'erase') shelf.erase(shelf.entries.length - step.n);
          else if (step.type === 'turn') shelf.endTurn();
          else if (step.type === 'read') for (let n = 0; n < step.n; n++) await ask();
          else if (step.type === 'again' || step.type === 'restart') await comeAgain(step.type === 'restart');
          else shelf[step.type]();
        }
        shelf.happen('end');
        shelf.endTurn();
        while (seen.at(-1) !== 'end') if (!(await ask())) await nextTurn();
        const positions = seen.map(belatedly).filter((name) => /^\d+$/.test(name));
        // What was deleted it may have been told before.
        const isDue = (position: number): boolean =>
          !shelf.erased.has(position) || positions.includes(String(position));
        expect(positions).toEqual(
          shelf.entries
            .filter(({ direction, position }) => direction === 'in' && isDue(position))
            .map(({ position }) => String(position)),
        );
        const last = new Map<string, string>();
        for (const name of seen) {
          const [id = '', state = ''] = name.split(' ');
          if (STATES.includes(state as State)) last.set(id, state);
        }
        const isTold = ({ position, state }: { position: number; state?: State }): boolean =>
          last.get(String(position)) === state;
        expect(shelf.entries.filter((entry) => !isTold(entry))).toEqual([]);
        const isSkipped = steps.some(({ type }) => type === 'restart') && seen.includes('events-skipped');
        expect(seen.includes('events-skipped')).toBe(isSkipped);
      },
    ),
    { numRuns: 1000 },
  );
});
