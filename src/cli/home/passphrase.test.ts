import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from '../terminal/output.ts';
import { passphraseReader, passphraseSource } from './passphrase.ts';

test('of a passphrase in a file that others can read a person is warned, as of the directory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-passphrase-'));
  const file = join(folder, 'secret');
  writeFileSync(file, 'correct horse battery\n');
  try {
    const said = async (mode: number): Promise<string | undefined> => {
      chmodSync(file, mode);
      const stderr = new PassThrough();
      const output = new Output({ stdin: new PassThrough(), stdout: new PassThrough(), stderr }, {});
      const passphrase = await passphraseReader({ flag: '--passphrase-file', file }, output)();
      expect(Buffer.from(passphrase).toString()).toBe('correct horse battery');
      return (stderr.read() as Buffer | null)?.toString();
    };
    expect(await said(0o600)).toBeUndefined();
    expect(await said(0o640)).toMatch(/^· others can read the passphrase in .*\n {2}Run: chmod 600 /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('- is stdin, and who writes the passphrase later than it is read is waited for', async () => {
  expect(passphraseSource('--passphrase', '-', undefined)).toEqual({
    flag: '--passphrase-file',
    descriptor: 0,
  });
  const folder = mkdtempSync(join(tmpdir(), 'sotto-passphrase-'));
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  // It does not block, as stdin does not once somebody has looked at it.
  const descriptor = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const output = new Output(
      { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() },
      {},
    );
    const read = passphraseReader({ flag: '--passphrase-fd', descriptor }, output);
    const first = read();
    writeSync(descriptor, 'correct ');
    setTimeout(() => writeSync(descriptor, 'horse\nbattery\n'), 30);
    expect(Buffer.from(await first).toString()).toBe('correct horse');
    expect(Buffer.from(await read()).toString()).toBe('battery');
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
});
