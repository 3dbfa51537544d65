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
