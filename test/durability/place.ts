import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { writePeople } from '../people-file.ts';

/**
 * A temporary folder with a directory file of everybody, and a port for each. Nothing of the program itself is loaded here: what
 * watches it is another process.
 */
export class Place implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sotto-durability-'));
  readonly directory: string = join(this.folder, 'directory.json');
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(ports: ReadonlyMap<string, number>) {
    this.#ports = ports;
    writePeople(this.directory, Object.fromEntries(ports));
  }
  static async open(names: readonly string[]): Promise<Place> {
    const ports = new Map<string, number>();
    for (const name of names) ports.set(name, await freePort());
    return new Place(ports);
  }
  get names(): readonly string[] {
    return [...this.#ports.keys()];
  }
  port(name: string): number {
    return this.#ports.get(name) ?? 0;
  }
  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
