import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Chat } from '../../src/api/index.ts';
import { connectControl, controlPath } from '../../src/control/index.ts';
import { freePort } from '../../test/free-port.ts';
import { writePeople } from '../../test/people-file.ts';

/** The built program, as it is installed. */
export const LAUNCHER: string = join(import.meta.dirname, '../../bin/sotto.cjs');

/** Two that listen, alice and bob; alice is given work, and what arrives at bob is counted. */
export class Pair {
  /** How often each text has arrived. */
  readonly arrived: Map<string, number> = new Map();
  readonly #folder: string;
  readonly #programs: ChildProcess[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(folder: string): Promise<Pair> {
    const pair = new Pair(folder);
    const names = { alice: await freePort(), bob: await freePort() };
    writePeople(join(folder, 'people.json'), names);
    for (const name of Object.keys(names)) mkdirSync(join(folder, name), { mode: 0o700 });
    for (const name of Object.keys(names)) await pair.#listen(name);
    return pair;
  }

  /** Alice’s. */
  get env(): Readonly<Record<string, string>> {
    return this.#envOf('alice');
  }
  /** A client of alice’s program. */
  async connect(): Promise<Chat> {
    return connectControl(controlPath(join(this.#folder, 'alice'), {}));
  }
  stop(): void {
    for (const program of this.#programs) program.kill('SIGKILL');
  }

  async #listen(name: string): Promise<void> {
    const program = spawn(process.execPath, [LAUNCHER, 'listen', '--json'], {
      env: this.#envOf(name),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#programs.push(program);
    createInterface({ input: program.stdout }).on('line', (line) => {
      const { type, text } = JSON.parse(line) as { readonly type: string; readonly text: string };
      if (type === 'message') this.arrived.set(text, (this.arrived.get(text) ?? 0) + 1);
    });
    const [said] = (await once(program.stderr, 'data')) as [Buffer];
    if (!said.includes('is listening')) throw new Error(`${name} does not listen: ${said.toString()}`);
    program.stderr.resume();
  }

  #envOf(name: string): Readonly<Record<string, string>> {
    return {
      HOME: this.#folder,
      SOTTO_DIRECTORY: join(this.#folder, 'people.json'),
      SOTTO_AS: name,
      SOTTO_HOME: join(this.#folder, name),
      SOTTO_BIND: '127.0.0.1',
    };
  }
}
