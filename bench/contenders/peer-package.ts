/**
 * A package of bench/package.json. Its types are not used: the project's checks run without it, so each contender writes
 * down what it needs of it.
 */
export async function peerPackage<Exports>(name: string): Promise<Exports> {
  return (await import(name)) as Exports;
}
