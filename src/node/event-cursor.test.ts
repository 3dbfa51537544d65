import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChatEvent, EventCursor, EventStream, HistoryEntry, MessageId } from '../api/index.ts';
import { PeerText } from '../base/index.ts';
import { EventHub } from './event-hub.ts';

type State = 'queued' | 'sent' | 'delivered';
const STATES: readonly State[] = ['queued', 'sent', 'delivered'];
/** Messages of a page. */
const PAGE = 3;

/** Messages in a store, and the hub of the program that runs on it. */
class Shelf {
  readonly entries: (HistoryEntry & { state?: State })[] = [];
  shown = 0;
  readonly erased = new Set<number>();
  #runs = 0;
  hub: EventHub = this.#open();
  /** What a turn is going to do: events happen right behind its commit. */
  #turn: (() => ChatEvent | undefined)[] = [];

  /** Another program takes the home. */
  restart(): void {
    this.endTurn();
    this.hub.close();
    this.hub = this.#open();
  }
  #open(): EventHub {
    this.#runs += 1;
    return new EventHub({
      store: {
        messages: (after) =>
          this.entries
            .filter(({ position, direction }) => direction === 'in' && position > (after ?? this.shown))
            .filter(({ position }) => !this.erased.has(position))
            .slice(0, PAGE),
        progress: (from) => {
          const rest = this.entries.filter(({ position }) => position >= from);
          const sent = rest.slice(0, PAGE).flatMap(({ id, state }) => (state ? [progress(id, state)] : []));
          return { events: sent, next: rest[PAGE]?.position };
        },
        highestPosition: () => this.entries.length,
        lowestUnsettled: () => this.entries.find(({ state }) => state && state !== 'delivered')?.position,
      },
      onShown: () => undefined,
      home: 'HOME-abc',
      run: this.#runs.toString(16).padStart(16, '0'),
    });
  }

  receive(): void {
    this.#turn.push(() => {
      const { id, position, text } = this.#add('in');
      const message = { type: 'message-received', id, position, from: 'bob', text } as const;
      return { ...message, writtenAtWall: 0, receivedAtWall: 0, clockMark: false };
    });
  }
  send(): void {
    this.#turn.push(() => {
      const entry = this.#add('out');
      entry.state = 'queued';
      return progress(entry.id, entry.state);
    });
  }
  /** The n-th of those that are not settled goes one step on. */
  advance(n: number): void {
    this.#turn.push(() => {
      const waiting = this.entries.filter(({ state }) => state && state !== 'delivered');
      const entry = waiting[n % Math.max(1, waiting.length)];
      if (!entry?.state) return undefined;
      entry.state = STATES[STATES.indexOf(entry.state) + 1]!;
      return progress(entry.id, entry.state);
    });
  }
  happen(name: string): void {
    this.#turn.push(() => ({ type: 'peer-restarted', name }));
  }
  /** Its place is not given out again. */
  erase(position: number): void {
    if (this.entries[position - 1]) this.erased.add(position);
    this.hub.forgetMessages();
  }
  endTurn(): void {
    const events = this.#turn.splice(0).map((act) => act());
    for (const event of events) if (event) this.hub.publish(event);
  }

  #add(direction: 'in' | 'out'): HistoryEntry & { state?: State } {
    const position = this.entries.length + 1;
    const message = { id: `id-${position}` as MessageId, text: new PeerText(`text ${position}`) };
    const entry = { ...message, position, with: 'bob', direction, writtenAtWall: 0, storedAtWall: 0 };
    this.entries.push(entry);
    return entry;
  }
}

function progress(id: MessageId, state: State): ChatEvent & { readonly type: 'message-progress' } {
  return { type: 'message-progress', id, to: 'bob', progress: { state } as never };
}

function nameOf(event: ChatEvent | undefined): string {
  if (event?.type === 'message-received') return `${event.isBelated ? 'belated ' : ''}${event.position}`;
  if (event?.type === 'message-progress') return `${event.id.slice(3)} ${event.progress.state}`;
  return event?.type === 'peer-restarted' ? event.name : String(event?.type);
}

/** The next events, as long as there are any: `until` is told last. */
async function readUntil(stream: EventStream, until: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (;;) {
    const next = stream.next();
    const { value, done } = (await Promise.race([next, moments()])) ?? { value: undefined, done: true };
    if (done === true) throw new Error(`${until} was never told: ${names.join(', ')}`);
    if (nameOf(value) === until) return names;
    names.push(nameOf(value));
  }
}
async function read(stream: EventStream, count: number): Promise<readonly string[]> {
  const names: string[] = [];
  for (let n = 0; n < count; n++) names.push(nameOf((await stream.next()).value));
  return names;
}

describe('a reader that comes again', () => {
  test('goes on exactly where it stood, within one run', async () => {
    const shelf = new Shelf();
    const stream = shelf.hub.open({});
    const begin = stream.cursor;
    shelf.receive();
    shelf.send();
    shelf.happen('x');
    shelf.advance(0);
    shelf.receive();
    shelf.endTurn();
    const all = ['1', '2 queued', 'x', '2 sent', '3'];
    const seen: string[] = [];
    const cursors: EventCursor[] = [begin];
    for (let n = 0; n < all.length; n++) {
      seen.push(...(await read(stream, 1)));
      cursors.push(stream.cursor);
    }
    expect(seen).toEqual(all);
    shelf.happen('end');
    shelf.endTurn();
    for (const [index, after] of cursors.entries())
      expect(await readUntil(shelf.hub.open({ after }), 'end')).toEqual(all.slice(index));
  });

  test('is told, in another run, the messages, how what was sent stands, that more happened, and then what happens', async () => {
    const shelf = new Shelf();
    shelf.send();
    shelf.send();
    shelf.advance(0);
    shelf.advance(0);
    shelf.receive();
    shelf.endTurn();
    const stream = shelf.hub.open({});
    // 1 is delivered, 2 waits; 3 was received.
    await readUntil(stream, '3');
    const after = stream.cursor;
    for (let n = 0; n < 7; n++) shelf.receive();
    shelf.send();
    shelf.advance(0);
    shelf.happen('forgotten');
    shelf.restart();
    shelf.happen('while it reads');
    shelf.endTurn();
    const again = shelf.hub.open({ after });
    const seen = [...(await read(again, 2))];
    shelf.advance(0);
    shelf.receive();
    shelf.endTurn();
    seen.push(...(await readUntil(again, 'events-skipped')));
    expect(seen.map(belatedly)).toEqual([
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
      '10',
      '12',
      '2 delivered',
      '11 queued',
    ]);
    shelf.receive();
    shelf.happen('end');
    shelf.endTurn();
    expect((await readUntil(again, 'end')).map(belatedly)).toEqual(['13', 'while it reads']);
  });

  test('is told so when there was more than is remembered: 10,000 events', async () => {
    const shelf = new Shelf();
    const stream = shelf.hub.open({});
    const before = stream.cursor;
    shelf.happen('first');
    shelf.endTurn();
    await stream.next();
    const { cursor } = stream;
    for (let n = 0; n < 10_000; n++) shelf.hub.publish({ type: 'disk-recovered' });
    shelf.happen('end');
    shelf.receive();
    shelf.endTurn();
    expect((await read(shelf.hub.open({ after: before }), 2)).map(belatedly)).toEqual([
      '1',
      'events-skipped',
    ]);
    expect((await read(shelf.hub.open({ after: cursor }), 2)).map(belatedly)).toEqual([
      '1',
      'events-skipped',
    ]);
  });

  test('of texts that take more than 8 MiB, no more is remembered than that', async () => {
    const shelf = new Shelf();
    const stream = shelf.hub.open({});
    const { cursor: after } = stream;
    const text = new PeerText('x'.repeat(32_000));
    const message = { type: 'message-received', from: 'bob', writtenAtWall: 0, receivedAtWall: 0 } as const;
    for (let n = 0; n < 140; n++)
      shelf.hub.publish({ ...message, id: `${n}` as MessageId, position: 1, text, clockMark: false });
    expect(await read(shelf.hub.open({ after }), 1)).toEqual(['events-skipped']);
  });

  test('as a screen that had not shown everything yet, it misses nothing either', async () => {
    const shelf = new Shelf();
    for (let n = 0; n < 5; n++) shelf.receive();
    shelf.endTurn();
    const screen = shelf.hub.open({ isScreen: true });
    expect((await read(screen, 2)).map(belatedly)).toEqual(['1', '2']);
    shelf.happen('x');
    shelf.receive();
    shelf.endTurn();
    const after = screen.cursor;
    await screen.return?.();
    shelf.happen('end');
    shelf.endTurn();
    for (const isScreen of [true, false]) {
      const seen = await readUntil(shelf.hub.open({ isScreen, after }), 'end');
      expect(seen.map(belatedly)).toEqual(['3', '4', '5', '6', 'x']);
    }
  });

  test('a message that the store has told of is not told again, though something that happened before it still is', async () => {
    const shelf = new Shelf();
    shelf.receive();
    shelf.endTurn();
    // From now on, everything is remembered.
    const before = shelf.hub.open({}).cursor;
    const screen = shelf.hub.open({ isScreen: true });
    shelf.happen('x');
    shelf.receive();
    shelf.endTurn();
    expect((await read(screen, 2)).map(belatedly)).toEqual(['1', '2']);
    const whileBehind = screen.cursor;
    shelf.happen('y');
    shelf.endTurn();
    expect(await read(screen, 1)).toEqual(['x']);
    const later = screen.cursor;
    shelf.happen('end');
    shelf.endTurn();
    expect(await readUntil(shelf.hub.open({ after: before }), 'end')).toEqual(['1', 'x', '2', 'y']);
    expect(await readUntil(shelf.hub.open({ after: whileBehind }), 'end')).toEqual(['x', 'y']);
    expect(await readUntil(shelf.hub.open({ after: later }), 'end')).toEqual(['y']);
  });

  test('nobody who comes again is told a message that was deleted meanwhile; all the rest is', async () => {
    const shelf = new Shelf();
    const { cursor: after } = shelf.hub.open({});
    shelf.receive();
    shelf.happen('x');
    shelf.receive();
    shelf.endTurn();
    shelf.erase(1);
    shelf.happen('y');
    shelf.receive();
    shelf.happen('end');
    shelf.endTurn();
    const again = shelf.hub.open({ after });
    const seen = [...(await read(again, 2))];
    const { cursor } = again;
    seen.push(...(await readUntil(again, 'end')));
    expect(seen.map(belatedly)).toEqual(['2', '3', 'x', 'y']);
    expect(await readUntil(shelf.hub.open({ after: cursor }), 'end')).toEqual(['x', 'y']);
  });

  test('with what is no cursor of this home it is refused', async () => {
    const shelf = new Shelf();
    const { cursor } = shelf.hub.open({});
    const texts = [
      '',
      'v1',
      'v2.HOME-abc',
      cursor.replace('v1', 'v2'),
      cursor.replace('HOME-abc', 'HOME-xyz'),
      `${cursor} `,
      // A message and an event that are still to come.
      cursor.replace(/\.\d+\.\d+$/, '.5.6'),
      cursor.replace(/\.0(\.\d+\.\d+)$/, '.9$1'),
      'x'.repeat(1_000_000),
    ];
    for (const text of texts) {
      const stream = shelf.hub.open({ after: text as EventCursor });
      await expect(stream.next(), text.slice(0, 100)).rejects.toMatchObject({ code: 'usage' });
    }
    expect(cursor.length).toBeLessThanOrEqual(200);
  });

  test('when messages that were delivered are to be sent once more, it hears of them', async () => {
    const shelf = new Shelf();
    shelf.send();
    shelf.advance(0);
    shelf.advance(0);
    shelf.endTurn();
    const stream = shelf.hub.open({});
    await readUntil(stream, '1 delivered');
    shelf.entries[0]!.state = 'queued';
    shelf.hub.waitAgain();
    const { cursor: after } = stream;
    shelf.restart();
    expect(await read(shelf.hub.open({ after }), 2)).toEqual(['1 queued', 'events-skipped']);
  });

  test('and so it does of those that were sent once more while it was away', async () => {
    const shelf = new Shelf();
    shelf.send();
    shelf.advance(0);
    shelf.advance(0);
    shelf.endTurn();
    const stream = shelf.hub.open({});
    await readUntil(stream, '1 delivered');
    const { cursor: after } = stream;
    await stream.return?.();
    shelf.entries[0]!.state = 'sent';
    shelf.hub.waitAgain();
    shelf.restart();
    expect(await read(shelf.hub.open({ after }), 2)).toEqual(['1 sent', 'events-skipped']);
  });
});

function belatedly(name: string): string {
  return name.replace('belated ', '');
}

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

async function moments(): Promise<undefined> {
  for (let n = 0; n < 100; n++) await nextTurn();
}
async function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}
