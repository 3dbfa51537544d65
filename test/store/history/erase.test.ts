import { describe, expect, it } from 'vitest';
import { Conversation } from './conversation.ts';

/** Many words that stand beside each other in the index, so that some begin one of its pages. */
const needles = (n: number): string =>
  Array.from({ length: 20 }, (_, i) => `needle${((n * 7_919 + i * 104_729) % 1_000_003).toString(36)}q`).join(
    ' ',
  );

describe('deleting', () => {
  it('leaves nothing of a text or its words in the file or in its log (STO-10, STO-11)', () => {
    using talk = new Conversation();
    const ids: string[] = [];
    for (let n = 0; n < 400; n++) {
      const [id] = talk.receive('bob', n % 2 === 0 ? `straw ${n} stays here` : needles(n));
      if (n % 2 === 1) ids.push(id!);
      if (n % 10 === 0) talk.tidy();
    }
    talk.tidy();
    const before = talk.decrypted();
    expect(before.match(/needle\w+ needle/g)!.length).toBeGreaterThan(100);
    expect(before.match(/[0123]needle/g)!.length).toBeGreaterThan(5);
    for (const id of ids) talk.history.erase({ id: id as never }, 0, 10);
    talk.tidy();
    const after = talk.decrypted();
    expect(after).not.toMatch(/nee/);
    expect(after).toContain('straw 398 stays here');
    // Of the log there is only the page that says so.
    expect(talk.logLength()).toBeLessThanOrEqual(32 + 24 + 4_096);
    expect(talk.found('needle')).toEqual([]);
    expect(talk.found('straw')).toHaveLength(50);
    talk.database.exec("INSERT INTO words (words) VALUES ('integrity-check')");
  });

  it('leaves nothing of a whole conversation, and says how much it was', () => {
    using talk = new Conversation();
    talk.receive('bob', ...Array.from({ length: 250 }, (_, n) => needles(n)));
    talk.receive('carol', 'stays');
    talk.tidy();
    expect(talk.erase({ with: 'bob' }, 30)).toBe(250);
    expect(talk.decrypted()).not.toMatch(/nee/);
    expect(talk.texts({})).toEqual(['stays']);
    expect(talk.erase({ with: 'bob' })).toBe(0);
    expect(talk.erase({ with: 'nobody' })).toBe(0);
  });

  it('goes on with what a crash interrupted', () => {
    using talk = new Conversation();
    talk.receive('bob', ...Array.from({ length: 50 }, (_, n) => needles(n)));
    talk.tidy();
    talk.history.erase({ with: 'bob' }, 0, 100);
    talk.database.abandon();
    talk.database.recover();
    talk.tidy();
    expect(talk.decrypted()).not.toMatch(/nee/);
  });

  it('keeps the ids of incoming messages, so that they do not come again', () => {
    using talk = new Conversation();
    const [one, two] = talk.receive('bob', 'one', 'two');
    expect(talk.erase({ id: one! })).toBe(1);
    expect(talk.seqOfIncoming('bob', one!)).toBe(1);
    expect(talk.seqOfIncoming('bob', two!)).toBe(2);
    expect(talk.history.find(one!)).toBeUndefined();
  });

  it('makes a void of every seq of one that was queued again', () => {
    using talk = new Conversation();
    const [one, two] = talk.send('bob', 'one', 'two');
    talk.deliver('bob', two!);
    talk.again('bob', one!, 'one');
    talk.deliver('bob', one!);
    expect(talk.outgoing('bob').map(({ type }) => type)).toEqual(['text', 'text', 'text']);
    expect(talk.erase({ id: one! })).toBe(1);
    talk.send('carol', 'secret');
    expect(talk.outgoing('bob').map(({ type }) => type)).toEqual(['void', 'text', 'void']);
  });

  it('of what a screen has just shown leaves what was shown before it shown (DLV-02)', () => {
    using talk = new Conversation();
    const [, , three] = talk.receive('bob', 'one', 'two', 'three');
    talk.erase({ id: three! });
    talk.commit({ type: 'shown', peer: 'bob', id: three! });
    talk.receive('bob', 'four');
    expect(talk.history.unshown(undefined, 10).map(({ text }) => text.exact())).toEqual(['four']);
  });

  it('makes a void of an outgoing one that is kept for repair, and leaves what waits to the engine', () => {
    using talk = new Conversation();
    const ids = talk.send('bob', 'one', 'two');
    talk.deliver('bob', ids[1]!);
    const [three] = talk.send('bob', 'three');
    expect(talk.erase({ with: 'bob' })).toBe(2);
    expect(talk.outgoing('bob').map(({ type }) => type)).toEqual(['void', 'void', 'text']);
    expect(talk.texts({})).toEqual(['three']);
    talk.tidy();
    talk.withdraw('bob', 3, three!, 'erased');
    talk.tidy();
    expect(talk.outgoing('bob').map(({ type }) => type)).toEqual(['void', 'void', 'void']);
    expect(talk.texts({})).toEqual([]);
    expect(talk.history.waiting()).toEqual({ messages: [], total: 0 });
    expect(talk.decrypted()).not.toContain('three');
  });

  it('deletes what was stored before a time, and only that, also of one contact', () => {
    using talk = new Conversation();
    for (const wall of [10, 30, 20, 40]) {
      talk.wall = wall;
      talk.receive('bob', `bob at ${wall}`);
      talk.receive('carol', `carol at ${wall}`);
    }
    expect(talk.erase({ with: 'bob', beforeWall: 30 })).toBe(2);
    expect(talk.erase({ beforeWall: 20 }, 1)).toBe(1);
    expect(talk.texts({})).toEqual(['bob at 30', 'carol at 30', 'carol at 20', 'bob at 40', 'carol at 40']);
    expect(() => talk.erase({})).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('deletes by id only where the other conditions hold', () => {
    using talk = new Conversation();
    const [id] = talk.receive('bob', 'one');
    expect(talk.erase({ id: id!, with: 'carol' })).toBe(0);
    talk.receive('carol', 'x');
    expect(talk.erase({ id: id!, with: 'carol' })).toBe(0);
    expect(talk.erase({ id: id!, beforeWall: talk.wall })).toBe(0);
    expect(talk.erase({ id: id!, with: 'bob', beforeWall: talk.wall + 1 })).toBe(1);
  });
});
