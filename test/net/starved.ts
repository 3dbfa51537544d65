const EVERY_MS = 10;

let totalMs = 0;
let last = now();

/**
 * How long, since this module was loaded, this thread wanted to work and was not let: the machine was busy with others, or its disk
 * was. A timer that comes late says so, less what the thread has worked itself: our own slowness is no excuse. What is bounded in
 * real time is bounded less this time, so that no test fails because a machine is slow.
 */
export function starvedMs(): number {
  return totalMs + sinceLast();
}

/** Until the next tick is due, nothing is known of a thread that sleeps. */
function sinceLast(): number {
  const { atMs, atWork } = now();
  return Math.max(0, atMs - last.atMs - EVERY_MS - (atWork - last.atWork));
}

/** How long, since the process began, this thread has worked. */
export function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function now(): { readonly atMs: number; readonly atWork: number } {
  return { atMs: performance.now(), atWork: workedMs() };
}

setInterval(() => {
  totalMs = starvedMs();
  last = now();
}, EVERY_MS).unref();
