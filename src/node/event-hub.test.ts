import { expect, test } from 'vitest';
import type { ChatEvent } from '../api/index.ts';
import { EventHub } from './event-hub.ts';

const event = (name: string): ChatEvent => ({ type: 'peer-restarted', name });

async function collect(events: AsyncIterable<ChatEvent>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const each of events) if (each.type === 'peer-restarted') names.push(each.name);
  return names;
}

test('the first reader also gets what came before it; every reader gets the rest, in order', async () => {
  const hub = new EventHub();
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
  const hub = new EventHub();
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
  const hub = new EventHub();
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
  const hub = new EventHub();
  const events = hub.open({});
  const both = [events.next(), events.next()];
  hub.publish(event('a'));
  hub.publish(event('b'));
  expect((await Promise.all(both)).map(({ value }) => value)).toEqual([event('a'), event('b')]);
});

test('there is room while somebody reads and keeps up, or has yet to begin', async () => {
  const hub = new EventHub();
  expect(hub.hasRoom, 'nobody has begun').toBe(true);
  const stop = new AbortController();
  const reader = hub.open({ signal: stop.signal });
  for (let n = 0; n < 1_000; n++) hub.publish(event(`${n}`));
  expect(hub.hasRoom, 'far behind').toBe(false);
  await reader.next();
  expect(hub.hasRoom).toBe(true);
  stop.abort();
  expect(hub.hasRoom, 'nobody reads any more').toBe(false);
  hub.open({});
  expect(hub.hasRoom).toBe(true);
  hub.close();
  expect(hub.hasRoom).toBe(false);
});

test('a reader that has stopped reading fails alone, and the others get everything', async () => {
  const hub = new EventHub();
  const stuck = hub.open({});
  const count = 100_000;
  hub.publish(event('x'));
  const late = hub.open({});
  for (let n = 0; n < count; n++) hub.publish(event('y'));
  for (let n = 0; n < count; n++) expect(await late.next()).toEqual({ done: false, value: event('y') });
  await expect(stuck.next()).rejects.toThrow('stopped reading');
  expect(await stuck.next().catch((error: unknown) => error)).toBeInstanceOf(Error);
});
