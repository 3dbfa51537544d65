import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Person, type Program } from '../demo/person.ts';
import { freePort } from '../free-port.ts';
import { writePeople } from '../people-file.ts';

// Another user of the machine can neither read the home nor speak to the socket. Only root can become another user: without that, the
// modes of all paths have to do.

const NOBODY = 65_534;
/** Becomes nobody, if it is to, and says what each path lets it do. */
const INTRUDER = `
  const { openSync, readdirSync, statSync } = require('node:fs');
  const { connect } = require('node:net');
  const { uid, paths, sockets } = JSON.parse(process.argv[1]);
  if (uid !== undefined) {
    process.setgroups([]);
    process.setgid(uid);
    process.setuid(uid);
  }
  const said = { uid: process.getuid() };
  const attempt = (name, act) => {
    try {
      act();
      said[name] = 'done';
    } catch (error) {
      said[name] = error.code;
    }
  };
  for (const path of paths) {
    attempt('read ' + path, () => (statSync(path).isDirectory() ? readdirSync(path) : openSync(path, 'r')));
    attempt('write ' + path, () => openSync(statSync(path).isDirectory() ? path + '/new' : path, 'a'));
  }
  let left = sockets.length;
  const done = (name, word) => {
    said[name] = word;
    if (--left === 0) process.stdout.write(JSON.stringify(said), () => process.exit());
  };
  for (const path of sockets) {
    const socket = connect(path);
    socket.on('connect', () => done('connect ' + path, 'done'));
    socket.on('error', (error) => done('connect ' + path, error.code));
  }
`;

type Said = Readonly<Record<string, unknown>>;

let folder = '';
let home = '';
let node: Program;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-other-user-'));
  // The home alone has to keep others out, not what it lies in.
  chmodSync(folder, 0o755);
  const alice = new Person('alice', await freePort(), folder, () => undefined);
  const config = join(alice.home, 'config/sotto');
  mkdirSync(config, { recursive: true });
  writePeople(join(config, 'directory.json'), { alice: alice.port, bob: await freePort() });
  home = join(alice.dataFolder, 'sotto/alice');
  mkdirSync(join(home, '..'), { recursive: true });
  node = await alice.starts(['listen']);
  await alice.runs(['send', 'bob', '--wait', 'queued', 'hi']);
});
afterEach(async () => {
  await node.kill();
  rmSync(folder, { recursive: true, force: true });
});

function everything(): { readonly paths: readonly string[]; readonly sockets: readonly string[] } {
  const names = readdirSync(home, { recursive: true, encoding: 'utf8' });
  const all = [home, ...names.map((name) => join(home, name))];
  const sockets = all.filter((path) => lstatSync(path).isSocket());
  return { paths: all.filter((path) => !sockets.includes(path)), sockets };
}

function intrude(uid?: number): Said {
  const task = JSON.stringify({ uid, ...everything() });
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', INTRUDER, task], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Said;
}

/** Which of the attempts succeeded. */
function done(said: Said): readonly string[] {
  return Object.keys(said).filter((name) => said[name] === 'done');
}

test('every folder of a home is 0700, and every file and socket 0600, while a program has it (SEC-01)', () => {
  const { paths, sockets } = everything();
  expect(sockets).toEqual([join(home, 'control.sock')]);
  expect(paths.length).toBeGreaterThanOrEqual(5);
  for (const path of [...paths, ...sockets]) {
    const stats = lstatSync(path);
    const mode = (stats.mode & 0o777).toString(8);
    expect({ path, mode, uid: stats.uid }).toEqual({
      path,
      mode: stats.isDirectory() ? '700' : '600',
      uid: process.getuid?.(),
    });
  }
});

test('another user of the machine can neither read nor write the home, nor speak to its socket (CTL-01, SEC-01)', () => {
  const { paths, sockets } = everything();
  // The same attempts succeed for the user whose home it is: they are not wrong themselves.
  expect(done(intrude()).length).toBe(2 * paths.length + sockets.length);
  rmSync(join(home, 'new'));
  if (process.getuid?.() !== 0) {
    process.stderr.write('only root can become another user: the modes of all paths have to do\n');
    return;
  }
  const closed = intrude(NOBODY);
  expect([closed['uid'], done(closed)]).toEqual([NOBODY, []]);
  // Nor would they if its folder were opened by mistake.
  chmodSync(home, 0o755);
  const opened = intrude(NOBODY);
  expect(done(opened)).toEqual([`read ${home}`]);
  expect(opened[`connect ${sockets[0]}`]).toBe('EACCES');
});
