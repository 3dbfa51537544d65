import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HistoryQuery } from '../../../src/api/index.ts';
import { Conversation } from './conversation.ts';

const numbers = (first: number, last: number): readonly string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `text ${first + i}`);

describe('pages of the history', () => {
  it('gives the newest first, oldest on top, and leads back to the beginning and forth to the end', () => {
    using talk = new Conversation();
    talk.receive('bob', ...numbers(1, 25));
    const newest = talk.history.page({ limit: 10 });
    expect(newest.entries.map(({ text }) => text.exact())).toEqual(numbers(16, 25));
    expect(newest.newer).toBeUndefined();
    const middle = talk.history.page({ limit: 10, before: newest.older! });
    expect(middle.entries.map(({ text }) => text.exact())).toEqual(numbers(6, 15));
    const oldest = talk.history.page({ limit: 10, before: middle.older! });
    expect(oldest.entries.map(({ text }) => text.exact())).toEqual(numbers(1, 5));
    expect(oldest.older).toBeUndefined();
    const forth = talk.history.page({ limit: 20, after: oldest.newer! });
    expect(forth.entries.map(({ text }) => text.exact())).toEqual(numbers(6, 25));
    expect(forth.newer).toBeUndefined();
    expect(forth.older).toBe(forth.entries[0]!.position);
  });

  it('never skips or repeats a message while others arrive', () => {
    using talk = new Conversation();
    talk.receive('bob', ...numbers(1, 40));
    const seen: string[] = [];
    for (let before: number | undefined = Number.MAX_SAFE_INTEGER; before !== undefined;) {
      const page = talk.history.page({ limit: 7, before });
      seen.unshift(...page.entries.map(({ text }) => text.exact()));
      talk.receive('bob', 'another one');
      before = page.older;
    }
    expect(seen).toEqual(numbers(1, 40));
  });

  it('never repeats a message, and skips none that stays, while messages are deleted', () => {
    using talk = new Conversation();
    const ids = talk.receive('bob', ...numbers(1, 40));
    const seen: string[] = [];
    for (let before: number | undefined = Number.MAX_SAFE_INTEGER, n = 0; before !== undefined; n++) {
      const page = talk.history.page({ limit: 7, before });
      seen.unshift(...page.entries.map(({ text }) => text.exact()));
      talk.erase({ id: ids[39 - n]! });
      talk.erase({ id: ids[n]! });
      before = page.older;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining([...numbers(10, 30)]));
  });

  it('follows the conversation by `after`', () => {
    using talk = new Conversation();
    talk.receive('bob', 'one');
    const last = talk.history.page().entries.at(-1)!.position;
    expect(talk.history.page({ after: last })).toEqual({ entries: [], older: last + 1 });
    talk.receive('bob', 'two');
    expect(talk.texts({ after: last })).toEqual(['two']);
  });

  it('shows one contact alone, in the directory or not, and nothing of one it does not know', () => {
    using talk = new Conversation();
    talk.receive('bob', 'from bob');
    talk.receive('carol', 'from carol');
    talk.send('bob', 'to bob');
    expect(talk.texts({ with: 'bob' })).toEqual(['from bob', 'to bob']);
    expect(talk.history.page({ with: 'nobody' })).toEqual({ entries: [] });
  });

  it('says of each outgoing message how it stands', () => {
    using talk = new Conversation();
    const [, second] = talk.send('bob', 'one', 'two');
    talk.deliver('bob', second!);
    talk.send('bob', 'three');
    talk.leave('bob', 3);
    const [fourth] = talk.send('bob', 'four');
    talk.send('bob', 'five');
    talk.withdraw('bob', 4, fourth!, 'cancelled');
    expect(talk.history.page().entries.map(({ outcome }) => outcome?.state)).toEqual([
      'delivered',
      'delivered',
      'sent',
      'cancelled',
      'queued',
    ]);
    expect(talk.history.find(second!)?.outcome).toEqual({ state: 'delivered', atWall: talk.wall });
    expect(talk.history.find('no id')).toBeUndefined();
  });

  it('finds what was stored within some time, however the clock jumped (CLK-01)', () => {
    const query = fc.record(
      {
        with: fc.constantFrom('bob', 'carol'),
        sinceWall: fc.integer({ min: 0, max: 200 }),
        untilWall: fc.integer({ min: 0, max: 200 }),
        limit: fc.constantFrom(1, 3, 1_000),
      },
      { requiredKeys: [] },
    );
    using talk = new Conversation();
    const all: { readonly text: string; readonly from: string; readonly wall: number }[] = [];
    const walls = [...Array(60).keys()].map((n) => (n < 30 ? n : 220 - n)).concat(100, 0, 200, 3);
    for (const [n, wall] of walls.entries()) {
      talk.wall = wall;
      const from = n % 3 === 0 ? 'bob' : 'carol';
      const texts = Array.from({ length: 97 }, (_, i) => `${n} ${i}`);
      talk.receive(from, ...texts);
      all.push(...texts.map((text) => ({ text, from, wall })));
    }
    fc.assert(
      fc.property(query, (asked: HistoryQuery) => {
        const { with: name, sinceWall = 0, untilWall = Infinity, limit = 50 } = asked;
        const fitting = all.filter(
          ({ from, wall }) => (name ?? from) === from && wall >= sinceWall && wall < untilWall,
        );
        expect(talk.texts(asked)).toEqual(fitting.slice(-limit).map(({ text }) => text));
        expect(talk.history.page(asked).older !== undefined).toBe(fitting.length > limit);
        expect(talk.texts({ ...asked, after: 0 })).toEqual(fitting.slice(0, limit).map(({ text }) => text));
      }),
    );
  });

  it.each([
    { limit: 0 },
    { limit: 1_001 },
    { limit: 1.5 },
    { before: 1, after: 1 },
    { search: 'x'.repeat(1_001) },
    { search: '' },
    { search: ' !? … ' },
    { search: '-', with: 'nobody' },
  ])('refuses %j', (query) => {
    using talk = new Conversation();
    expect(() => talk.history.page(query)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('what waits, what is to be shown, what may be sent again', () => {
  it('lists what is neither delivered nor given up, of all contacts or of one, oldest first', () => {
    using talk = new Conversation();
    const [first] = talk.send('bob', 'delivered');
    talk.deliver('bob', first!);
    talk.send('bob', 'one');
    talk.send('carol', 'two', 'three');
    talk.send('bob', 'four');
    talk.leave('bob', 2);
    const page = talk.history.waiting({ limit: 3 });
    expect(page.messages.map(({ to, text, isSent }) => [to, text, isSent])).toEqual([
      ['bob', 'one', true],
      ['carol', 'two', false],
      ['carol', 'three', false],
    ]);
    expect(page.total).toBe(4);
    const next = talk.history.waiting({ limit: 3, after: page.next! });
    expect(next.messages.map(({ text }) => text)).toEqual(['four']);
    expect(next.next).toBeUndefined();
    expect(talk.history.waiting({ to: 'carol' })).toMatchObject({ total: 2 });
    expect(talk.history.waiting({ to: 'nobody' })).toEqual({ messages: [], total: 0 });
  });

  it('knows what no screen has shown, a page at a time', () => {
    using talk = new Conversation();
    const [, second] = talk.receive('bob', 'one', 'two');
    talk.send('bob', 'mine');
    talk.receive('bob', 'three', 'four');
    talk.commit({ type: 'shown', peer: 'bob', id: second! });
    const [three] = talk.history.unshown(undefined, 1);
    expect(three?.text.exact()).toBe('three');
    expect(talk.history.unshown(three!.position, 10).map(({ text }) => text.exact())).toEqual(['four']);
  });

  it('gives what was delivered since a time, a page at a time', () => {
    using talk = new Conversation();
    talk.wall = 10;
    const [old] = talk.send('bob', 'too old');
    talk.deliver('bob', old!);
    talk.wall = 20;
    talk.receive('bob', 'not mine');
    const ids = talk.send('bob', 'one', 'two', 'three');
    talk.deliver('bob', ids[2]!);
    talk.send('bob', 'waiting');
    const page = talk.history.resendable({ to: 'bob', sinceWall: 20, limit: 2 });
    expect(page.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(page[1]).toEqual({ position: 4, id: ids[1], text: 'two', writtenAtWall: 20 });
    const next = talk.history.resendable({ to: 'bob', sinceWall: 20, after: page[1]!.position, limit: 2 });
    expect(next.map(({ text }) => text)).toEqual(['three']);
    expect(talk.history.resendable({ to: 'nobody', sinceWall: 0, limit: 2 })).toEqual([]);
  });

  it('keeps the time of the first delivery of what is sent again, or is withdrawn before it left again', () => {
    using talk = new Conversation();
    talk.wall = 10;
    const [one, two] = talk.send('bob', 'one', 'two');
    talk.deliver('bob', two!);
    talk.wall = 20;
    talk.again('bob', one!, 'one');
    talk.again('bob', two!, 'two');
    expect(talk.history.find(one!)?.outcome).toEqual({ state: 'queued' });
    talk.withdraw('bob', 4, two!, 'cancelled');
    talk.wall = 30;
    talk.deliver('bob', two!);
    for (const id of [one, two])
      expect(talk.history.find(id!)?.outcome).toEqual({ state: 'delivered', atWall: 10 });
  });
});
