import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type FileSystem = 'ext4' | 'xfs';

/** The smallest that mkfs.xfs makes is 300 MiB; both images are sparse. */
const MIB = { ext4: 96, xfs: 320 } as const;
/** XFS_IOC_GOINGDOWN and EXT4_IOC_SHUTDOWN are one number; 2: nothing of what is in memory is written any more. */
const SHUTDOWN = 0x80_04_58_7d;
const NO_LOG_FLUSH = 2;
const SHUTDOWN_PROGRAMS: readonly (readonly [string, ...string[]])[] = [
  [
    'python3',
    '-c',
    `import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1],0),${SHUTDOWN},struct.pack('I',${NO_LOG_FLUSH}))`,
  ],
  [
    'perl',
    '-e',
    `use Fcntl; sysopen(D,$ARGV[0],O_RDONLY) or die; ioctl(D,${SHUTDOWN},pack("L",${NO_LOG_FLUSH})) or die`,
  ],
];

/** What makes file systems is not on everybody's path. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

function run(command: string, ...words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', env: { PATH } });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/** A file system of its own on a loop device, whose power can be cut. Needs root. */
export class LoopDisk implements Disposable {
  readonly folder: string;
  readonly #parent = mkdtempSync(join(tmpdir(), 'sotto-disk-'));
  #device: string | undefined;
  readonly #dispose = (): void => this[Symbol.dispose]();
  #isMounted = false;

  constructor(fileSystem: FileSystem) {
    this.folder = join(this.#parent, 'mounted');
    // Also when a test runner gives up in the middle.
    process.once('exit', this.#dispose);
    try {
      this.#make(fileSystem);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Everything that is not on the disk is gone, as for a machine without power; then it is there again. Nobody may use it. */
  cut(): void {
    this.shutDown();
    this.unmount();
    this.#mount();
  }
  /** From now on each access fails, and nothing is written. */
  shutDown(): void {
    let cause: unknown;
    for (const [command, ...words] of SHUTDOWN_PROGRAMS) {
      try {
        run(command, ...words, this.folder);
        return;
      } catch (error) {
        cause = error;
      }
    }
    throw new Error('the file system cannot be shut down', { cause });
  }
  /** `umount` fails while somebody has a file open. */
  unmount(): void {
    run('umount', this.folder);
    this.#isMounted = false;
  }
  remount(options: string): void {
    run('mount', '-o', `remount,${options}`, this.folder);
  }
  mount(): void {
    if (!this.#isMounted) this.#mount();
  }
  [Symbol.dispose](): void {
    process.off('exit', this.#dispose);
    try {
      if (this.#isMounted) run('umount', '--lazy', this.folder);
    } finally {
      if (this.#device !== undefined) run('losetup', '--detach', this.#device);
      rmSync(this.#parent, { recursive: true, force: true });
    }
  }

  #make(fileSystem: FileSystem): void {
    const image = join(this.#parent, 'image');
    mkdirSync(this.folder);
    writeFileSync(image, '');
    truncateSync(image, MIB[fileSystem] * 1_048_576);
    run(`mkfs.${fileSystem}`, '-q', image);
    this.#device = run('losetup', '--find', '--show', image);
    this.#mount();
  }
  #mount(): void {
    if (this.#device === undefined) throw new Error('there is no device');
    run('mount', this.#device, this.folder);
    this.#isMounted = true;
  }
}

/** Why there can be no such disk here, or undefined. */
export function whyNoDisk(fileSystem: FileSystem): string | undefined {
  try {
    using disk = new LoopDisk(fileSystem);
    disk.cut();
    return undefined;
  } catch (error) {
    return `no ${fileSystem} on a loop device here: ${error instanceof Error ? error.message : String(error)}`;
  }
}
