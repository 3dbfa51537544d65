import { CodedError } from '../../base/index.ts';

/** Whoever has the home may be busy with its disk: a shorter --timeout does not make that faster. */
const ANSWER_MS_MIN = 5_000;

/** How long the program that has the home may take to answer. */
export function answerMs(timeoutMs: number): number {
  return Math.max(timeoutMs, ANSWER_MS_MIN);
}

/** The answer; rejects with control-unusable when it has not come by then: what was asked may still be done. */
export async function inTime<Answer>(answer: Promise<Answer>, withinMs: number): Promise<Answer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(silent()), Math.max(0, withinMs));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function silent(): CodedError {
  return new CodedError({
    code: 'control-unusable',
    message: 'the Sotto that uses this home does not answer in time',
    hint: 'See whether it was stopped, or waits for its disk.',
  });
}
