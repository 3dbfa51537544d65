import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../src/base/index.ts';
import { Conversation } from './conversation.ts';

describe('search', () => {
  it('finds English, German, Chinese, Thai, Japanese, Korean and emoji, by words or their beginnings', () => {
    using talk = new Conversation();
    const texts = {
      english: 'Shall we meet tomorrow?',
      german: 'Schöne Grüße aus der Königstraße',
      chinese: '我们明天坐飞机去北京',
      thai: 'พรุ่งนี้ไปกินข้าวกันไหม',
      japanese: '明日は東京でラーメンを食べます',
      korean: '내일 대학교에서 만나요',
      emoji: 'done 👍🏽 🇩🇪',
    };
    talk.receive('bob', ...Object.values(texts));
    const cases: Readonly<Record<string, readonly string[]>> = {
      tomor: [texts.english],
      'meet SHALL': [texts.english],
      grusse: [texts.german],
      Königstr: [texts.german],
      飞机: [texts.chinese],
      坐飞机去: [texts.chinese],
      明: [texts.chinese, texts.japanese],
      กิน: [texts.thai],
      ไป: [texts.thai],
      ข้าว: [texts.thai],
      ラーメン: [texts.japanese],
      学校: [],
      학교: [texts.korean],
      '👍': [texts.emoji],
      '🇩🇪 do': [texts.emoji],
      eet: [],
      飞京: [],
    };
    for (const [search, found] of Object.entries(cases)) expect(talk.found(search), search).toEqual(found);
  });

  it('gives pages of the newest first, by contact and by time', () => {
    using talk = new Conversation();
    for (let n = 1; n <= 30; n++) {
      talk.wall = n;
      talk.receive(n % 2 === 0 ? 'bob' : 'carol', `apple ${n}`, 'pear');
    }
    const newest = talk.history.page({ search: 'app', limit: 4 });
    expect(newest.entries.map(({ text }) => text.exact())).toEqual([
      'apple 27',
      'apple 28',
      'apple 29',
      'apple 30',
    ]);
    expect(talk.texts({ search: 'app', limit: 3, before: newest.older! })).toEqual([
      'apple 24',
      'apple 25',
      'apple 26',
    ]);
    expect(talk.texts({ search: 'app', limit: 3, after: 0 })).toEqual(['apple 1', 'apple 2', 'apple 3']);
    expect(talk.texts({ search: 'app', with: 'bob', sinceWall: 26 })).toEqual([
      'apple 26',
      'apple 28',
      'apple 30',
    ]);
    expect(talk.texts({ search: 'apple pear' })).toEqual([]);
    expect(talk.texts({ search: 'app', with: 'nobody' })).toEqual([]);
  });

  it('looks on when what the index found does not fit', () => {
    using talk = new Conversation();
    talk.receive('bob', '飞机票在这里', ...Array.from({ length: 200 }, (_, n) => `机票和飞机 ${n}`));
    expect(talk.texts({ search: '飞机票', limit: 1 })).toEqual(['飞机票在这里']);
    expect(talk.texts({ search: '飞机票', limit: 1, after: 0 })).toEqual(['飞机票在这里']);
  });

  it('finds what was just stored, and keeps finding after a restart', () => {
    using talk = new Conversation();
    talk.receive('bob', 'first');
    expect(talk.found('fir')).toEqual(['first']);
    talk.receive('bob', 'second');
    talk.tidy();
    expect(talk.found('sec')).toEqual(['second']);
    expect(talk.history.tidy(100)).toBe(false);
  });

  it('makes the index anew when its rules are others', () => {
    using talk = new Conversation();
    const [first] = talk.receive('bob', 'first', 'second');
    talk.tidy();
    talk.database.exec("UPDATE home SET value = '0/1.0' WHERE name = 'words'");
    talk.erase({ id: first! });
    expect(talk.found('first')).toEqual([]);
    expect(talk.found('second')).toEqual(['second']);
    expect(talk.decrypted()).not.toContain('first');
  });

  it('takes hostile searches as words and nothing else', () => {
    using talk = new Conversation();
    talk.receive('bob', 'NEAR the tokens: words OR rank', 'plain');
    const hostile = [
      '"',
      '" OR "',
      '*',
      'a* OR plain',
      'tokens:words',
      '-plain',
      '^plain',
      'NEAR(a b)',
      "'; DROP TABLE message; --",
    ];
    hostile.push(
      'plain" OR tokens:"near',
      '{tokens}: plain',
      '\u0000',
      '\uE0001',
      '\uE000',
      '(',
      'AND',
      'NOT plain',
    );
    const count = (search: string, name?: string): number => {
      try {
        return talk.found(search, name).length;
      } catch (error) {
        // It has no word at all.
        if (error instanceof CodedError && error.code === 'usage') return 0;
        throw error;
      }
    };
    for (const search of hostile) {
      expect(count(search), search).toBeLessThanOrEqual(1);
      expect(count(search, 'bob'), search).toBeLessThanOrEqual(1);
    }
    expect(talk.found('or rank')).toEqual(['NEAR the tokens: words OR rank']);
    expect(talk.found('^plain"*')).toEqual(['plain']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (search) => {
        expect(count(search)).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('finds exactly what a look at every message would find', () => {
    const word = fc.constantFrom(
      'apple',
      'app',
      'apricot',
      'straße',
      '飞机票',
      '机',
      '票飞',
      'กินข้าว',
      '👍',
      'x',
    );
    const text = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
    const texts = fc.array(text, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom('ap', 'app', 'appl', '机', '飞机', '机票飞', '票', 'กิน', '👍', 'stra x'),
        (all, search) => {
          using talk = new Conversation();
          talk.receive('bob', ...all);
          const words = search.replace('stra', 'strasse').split(' ');
          const expected = all.filter((each) =>
            words.every((wanted) =>
              each
                .replace('ß', 'ss')
                .split(' ')
                .some((of) => (/[a-z]/.test(wanted) ? of.startsWith(wanted) : of.includes(wanted))),
            ),
          );
          const exact = expected.filter((each) => search !== 'stra x' || each.includes('x'));
          expect(talk.found(search)).toEqual(exact);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('pauses while it looks through many that do not fit, and finds the ones that do', () => {
    using talk = new Conversation();
    talk.receive('bob', '中文字');
    talk.receive('bob', ...Array.from({ length: 2_000 }, () => '中文很好，文字也好'));
    talk.tidy();
    const steps = talk.history.pageInSteps({ search: '中文字' });
    let pauses = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) pauses++;
    expect(pauses).toBeGreaterThanOrEqual(7);
    expect(step.value.entries.map(({ text }) => text.exact())).toEqual(['中文字']);
    expect(talk.found('中文字')).toEqual(['中文字']);
  });
});
