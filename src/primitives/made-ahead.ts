/**
 * Gives out what `make` makes, and makes the next one ahead as soon as the program has nothing else to do: in a handshake each
 * side waits for the other, and what is made meanwhile costs no time. Each is given out once; the first is made on demand.
 */
export function madeAhead<Made>(make: () => Made): () => Made {
  let spare: Made | undefined;
  let isRefilling = false;
  const refill = (): void => {
    isRefilling = false;
    spare ??= make();
  };
  return () => {
    const given = spare ?? make();
    spare = undefined;
    if (!isRefilling) setImmediate(refill).unref();
    isRefilling = true;
    return given;
  };
}
