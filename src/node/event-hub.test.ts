import { expect, test } from 'vitest';
import type { ChatEvent, HistoryEntry, MessageId } from '../api/index.ts';
import { CodedError, PeerText } from '../base/index.ts';
import { EventHub, type EventStore } from './event-hub.ts';

const event = (name: string): ChatEvent => ({ type: 'peer-restarted', name });

const NAMES = { home: 'HOME-abc', run: '0123456789abcdef' };
const NOTHING: EventStore = {
  messages: () => [],
  progress: () => ({ events: [], next: undefined }),
  highestPosition: () => 0,
  lowestUnsettled: () => undefined,
};

function emptyHub(): EventHub {
  return new EventHub({ ...NAMES, store: NOTHING, onShown: () => undefined });
}

async function collect(events: AsyncIterable<ChatEvent>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const each of events) if (each.type === 'peer-restarted') names.push(each.name);
  return names;
}

test('the first reader also gets what came before it; every reader gets the rest, in order', async () => {
  const hub = emptyHub();
  hub.publish(event('early'));
  const first = collect(hub.open({}));
  const second = collect(hub.open({}));
  hub.publish(event('a'));
  hub.publish(event('b'));
  hub.close();
  expect(await first).toEqual(['early', 'a', 'b']);
  expect(await second).toEqual(['a', 'b']);
});

test('an abort ends one reader after what it has, and a closed hub ends at once', async () => {
  const hub = emptyHub();
  const stop = new AbortController();
  const stopped = hub.open({ signal: stop.signal });
  const other = collect(hub.open({}));
  hub.publish(event('a'));
  stop.abort();
  hub.publish(event('b'));
  expect(await collect(stopped)).toEqual(['a']);
  hub.close();
  expect(await other).toEqual(['a', 'b']);
  expect(await collect(hub.open({}))).toEqual([]);
});

test('a reader that stops reading in its loop leaves the hub', async () => {
  const hub = emptyHub();
  const events = hub.open({});
  hub.publish(event('a'));
  for await (const each of events) {
    expect(each).toEqual(event('a'));
    break;
  }
  hub.publish(event('b'));
  expect(await collect(events)).toEqual([]);
});

test('a reader may ask for several events at once', async () => {
  const hub = emptyHub();
  const events = hub.open({});
  const both = [events.next(), events.next()];
  hub.publish(event('a'));
  hub.publish(event('b'));
  expect((await Promise.all(both)).map(({ value }) => value)).toEqual([event('a'), event('b')]);
});

test('there is room unless a screen is far behind; who only listens along holds nothing up', async () => {
  const hub = emptyHub();
  expect(hub.hasRoom, 'the store has room, whether anybody looks or not').toBe(true);
  hub.open({});
  const stop = new AbortController();
  const screen = hub.open({ isScreen: true, signal: stop.signal });
  const first = screen.next();
  for (let n = 0; n < 1_001; n++) hub.publish(event(`${n}`));
  await first;
  expect(hub.hasRoom, 'far behind').toBe(false);
  await screen.next();
  expect(hub.hasRoom).toBe(true);
  hub.publish(event('x'));
  expect(hub.hasRoom).toBe(false);
  stop.abort();
  expect(hub.hasRoom, 'it has left').toBe(true);
  hub.close();
  expect(hub.hasRoom).toBe(false);
});

test('a reader that has stopped reading fails alone, and the others get everything', async () => {
  const hub = emptyHub();
  const stuck = hub.open({});
  const count = 100_000;
  hub.publish(event('x'));
  const late = hub.open({});
  for (let n = 0; n < count; n++) hub.publish(event('y'));
  for (let n = 0; n < count; n++) expect(await late.next()).toEqual({ done: false, value: event('y') });
  await expect(stuck.next()).rejects.toMatchObject({ code: 'events-missed' });
  expect(await stuck.next().catch((error: unknown) => error)).toBeInstanceOf(CodedError);
});

test('a screen that is paused while very many texts go out is told the last state of each, and everything else', async () => {
  const hub = emptyHub();
  const screen = hub.open({ isScreen: true });
  const progress = (id: number, state: 'sent' | 'delivered'): ChatEvent =>
    ({ type: 'message-progress', id: `${id}`, to: 'bob', progress: { state } }) as never;
  const count = 60_000;
  hub.publish(event('before'));
  for (let n = 0; n < count; n++)
    for (const state of ['sent', 'delivered'] as const) hub.publish(progress(n, state));
  hub.publish(event('after'));
  expect((await screen.next()).value).toEqual(event('before'));
  const last = new Map<string, unknown>();
  let { value } = await screen.next();
  for (; value?.type === 'message-progress'; { value } = await screen.next())
    last.set(value.id, value.progress.state);
  expect(value).toEqual(event('after'));
  expect([last.size, new Set(last.values())]).toEqual([count, new Set(['delivered'])]);
});

/** Messages in a store, and a hub that tells of each once it stands there. */
class Shelf {
  readonly entries: HistoryEntry[] = [];
  shown = 0;
  asked = 0;
  readonly hub: EventHub = new EventHub({
    ...NAMES,
    store: {
      ...NOTHING,
      messages: (after) =>
        this.entries.filter(({ position }) => position > (after ?? this.shown)).slice(0, 2),
      highestPosition: () => this.entries.length,
    },
    onShown: () => (this.asked += 1),
  });

  receive(text: string): void {
    const position = this.entries.length + 1;
    const id = `id-${position}` as MessageId;
    const message = { id, text: new PeerText(text), writtenAtWall: 0 };
    this.entries.push({ ...message, position, with: 'bob', direction: 'in', storedAtWall: 0 });
    this.hub.publish({
      ...message,
      type: 'message-received',
      position,
      from: 'bob',
      receivedAtWall: 0,
      clockMark: false,
    });
  }
  /** As a commit does it. */
  keepShown(): void {
    for (const { id } of this.hub.takeShown())
      this.shown = Math.max(this.shown, this.entries.find((entry) => entry.id === id)?.position ?? 0);
  }
}

const textOf = ({ value }: IteratorResult<ChatEvent, undefined>): string | undefined =>
  value?.type === 'message-received'
    ? `${value.isBelated ? 'belated ' : ''}${value.text.exact()}`
    : value?.type;

test('a screen first gets what none has shown, then what comes, without a gap and nothing twice', async () => {
  const shelf = new Shelf();
  for (const text of ['a', 'b', 'c']) shelf.receive(text);
  const screen = shelf.hub.open({ isScreen: true });
  const texts = [textOf(await screen.next())];
  shelf.receive('d');
  for (let n = 0; n < 3; n++) texts.push(textOf(await screen.next()));
  const next = screen.next();
  shelf.receive('e');
  shelf.hub.publish(event('x'));
  shelf.receive('f');
  texts.push(textOf(await next), textOf(await screen.next()), textOf(await screen.next()));
  expect(texts).toEqual(['belated a', 'belated b', 'belated c', 'belated d', 'e', 'peer-restarted', 'f']);
});

test('shown is what a screen asked beyond; the last one is shown again if it never did', async () => {
  const shelf = new Shelf();
  const first = shelf.hub.open({ isScreen: true });
  const listener = shelf.hub.open({});
  const asked = first.next();
  for (const text of ['a', 'b', 'c']) shelf.receive(text);
  await asked;
  for (let n = 0; n < 3; n++) await listener.next();
  expect(shelf.hub.takeShown()).toEqual([]);
  await first.next();
  await first.next();
  expect(shelf.asked, 'the turn is asked for once').toBe(1);
  expect(shelf.hub.takeShown()).toEqual([{ peer: 'bob', id: 'id-2' }]);
  shelf.shown = 2;
  await first.return?.();
  shelf.keepShown();
  const second = shelf.hub.open({ isScreen: true });
  expect(textOf(await second.next())).toBe('belated c');
});

test('of two screens each gets everything, however far the other is ahead', async () => {
  const shelf = new Shelf();
  const texts = ['a', 'b', 'c', 'd', 'e', 'f'];
  const slow = shelf.hub.open({ isScreen: true });
  for (const text of texts.slice(0, 4)) shelf.receive(text);
  const middle = shelf.hub.open({ isScreen: true });
  const fast = shelf.hub.open({ isScreen: true });
  for (let n = 0; n < 4; n++) await fast.next();
  const next = fast.next();
  shelf.keepShown();
  expect(shelf.shown).toBe(4);
  for (const text of texts.slice(4)) shelf.receive(text);
  await next;
  for (const screen of [slow, middle]) {
    const seen: unknown[] = [];
    for (let n = 0; n < 6; n++) seen.push(textOf(await screen.next())?.replace('belated ', ''));
    expect(seen).toEqual(texts);
  }
});

test('a screen that is left in the middle has not shown what it was given last, not even when it is asked again', async () => {
  const shelf = new Shelf();
  shelf.receive('a');
  const screen = shelf.hub.open({ isScreen: true });
  for await (const each of screen) {
    expect(each.type).toBe('message-received');
    break;
  }
  expect((await screen.next()).done).toBe(true);
  expect(shelf.hub.takeShown()).toEqual([]);
});

test('a screen that is ended leaves its messages to the next one', async () => {
  const shelf = new Shelf();
  const stop = new AbortController();
  const first = shelf.hub.open({ isScreen: true, signal: stop.signal });
  const asked = first.next();
  shelf.receive('a');
  shelf.receive('b');
  shelf.hub.publish(event('x'));
  expect(textOf(await asked)).toBe('a');
  stop.abort();
  expect([textOf(await first.next()), (await first.next()).done]).toEqual(['peer-restarted', true]);
  shelf.keepShown();
  expect(textOf(await shelf.hub.open({ isScreen: true }).next())).toBe('belated b');
});

test('a store that cannot be read at the moment is asked again', async () => {
  const shelf = new Shelf();
  shelf.receive('a');
  let isBroken = true;
  const hub = new EventHub({
    ...NAMES,
    store: {
      ...NOTHING,
      messages: (after) => {
        if (isBroken) throw new CodedError({ code: 'home-unusable', message: 'EIO' });
        return shelf.entries.filter(({ position }) => position > (after ?? 0));
      },
    },
    onShown: () => undefined,
  });
  const screen = hub.open({ isScreen: true });
  hub.publish(event('trouble'));
  expect(textOf(await screen.next())).toBe('peer-restarted');
  const next = screen.next();
  isBroken = false;
  hub.publish(event('works again'));
  expect([textOf(await next), textOf(await screen.next())]).toEqual(['belated a', 'peer-restarted']);
});
