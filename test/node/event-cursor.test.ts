import { describe, expect, test } from 'vitest';
import type { EventCursor, EventStream, MessageId } from '../../src/api/index.ts';
import { PeerText } from '../../src/base/index.ts';
import { belatedly, nameOf, nextTurn, Shelf } from './shelf.ts';

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

async function moments(): Promise<undefined> {
  for (let n = 0; n < 100; n++) await nextTurn();
}
