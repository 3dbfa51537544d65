import { median, percentile } from '../statistics.ts';
import type { Pair } from './pair.ts';
import type { Figures } from './report.ts';

/** One `send` after the other over the socket, each to its acceptance: the text is on the disk then. */
export async function timeCalls(pair: Pair, calls: number): Promise<Figures> {
  await using chat = await pair.connect();
  const took: number[] = [];
  for (let n = 0; n < calls; n++) {
    const began = performance.now();
    await chat.sendText({ to: 'bob', text: `call ${n}` });
    took.push(performance.now() - began);
  }
  return { callP50Ms: median(took), callP99Ms: percentile(took, 0.99) };
}
