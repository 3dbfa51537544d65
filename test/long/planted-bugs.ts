import { PLANTED_BUGS } from '../planted/bugs.ts';
import { Copy } from '../planted/plant.ts';
import type { LongPart } from './part.ts';

/** F21: the tests test. Each mistake is made in a copy of the sources, where its named test must then fail. */
export const part: LongPart = {
  name: 'planted-bugs',
  description: 'mistakes made on purpose, each caught by the test that is named for it',
  async run({ scale, log }) {
    using copy = new Copy();
    const bugs = PLANTED_BUGS.slice(0, Math.ceil(PLANTED_BUGS.length * scale));
    let caught = 0;
    for (const bug of bugs) {
      const { isSoundWithout, isCaught } = await copy.try(bug);
      if (isSoundWithout && isCaught) caught++;
      else log(isSoundWithout ? `NOT CAUGHT: ${bug.name}` : `fails without the bug: ${bug.test.name}`);
    }
    return { ok: caught === bugs.length, figures: { planted: bugs.length, caught } };
  },
};
