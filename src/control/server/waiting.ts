/** Whoever asked hears of it. */
export function nothing(): void {
  // On purpose.
}

export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Resolves when `begin`'s argument is called; rejects after `patienceMs`. */
export async function waitFor(begin: (resolve: () => void) => void, patienceMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('the client does not keep up')), patienceMs);
  begin(resolve);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}
