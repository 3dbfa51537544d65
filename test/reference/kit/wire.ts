import { hex, utf8 } from '../bytes.ts';
import type { FramesCase, PrefaceCase } from './case.ts';

// spec/01.

const preface = (name: string, code: string, bytes: string, mode?: string): PrefaceCase => ({
  kind: 'preface',
  name,
  section: '01 The preface',
  code,
  bytes,
  ...(mode !== undefined && { mode }),
});

export function prefaceCases(): PrefaceCase[] {
  return [
    preface('enrol', 'ok', '534f545401010000', 'enrol'),
    preface('session', 'ok', '534f545401020000', 'session'),
    preface('nothing yet', 'ok', '', 'incomplete'),
    preface('seven right bytes', 'ok', '534f5454010200', 'incomplete'),
    preface('a wrong first byte, and no other', 'preface-bad', '73'),
    preface('a wrong fourth byte', 'preface-bad', '534f545501010000'),
    preface('an HTTP request', 'preface-bad', hex(utf8('GET / HT'))),
    preface('a TLS ClientHello', 'preface-bad', '1603010200010001'),
    preface('everything wrong: the first byte decides', 'preface-bad', '00000000ffffffff'),
    preface('version 0', 'preface-version', '534f545400010000'),
    preface('version 2, and no other byte', 'preface-version', '534f545402'),
    preface('version and mode wrong: the version decides', 'preface-version', '534f545402090000'),
    preface('mode 0', 'preface-mode', '534f545401000000'),
    preface('mode 3', 'preface-mode', '534f545401030000'),
    preface('mode and flags wrong: the mode decides', 'preface-mode', '534f545401ffffff'),
    preface('a flag of the first byte', 'preface-flags', '534f545401018000'),
    preface('a flag of the last byte', 'preface-flags', '534f545401020001'),
  ];
}

const frames = (
  name: string,
  code: string,
  stream: string,
  bodies: readonly string[],
  lengths: readonly number[] = [],
): FramesCase => ({ kind: 'frames', name, section: '01 Frames', code, lengths, stream, bodies });

export function framesCases(): FramesCase[] {
  const long = 'ab'.repeat(256);
  return [
    frames('two frames', 'ok', '0001aa0002bbcc', ['aa', 'bbcc']),
    frames('the length is big-endian', 'ok', `0100${long}`, [long]),
    frames('a frame that is not whole', 'ok', '0001aa0003bbcc', ['aa']),
    frames('half of a length', 'ok', '0001aa00', ['aa']),
    frames('length 0', 'frame-empty', '0000', []),
    frames('length 0 after a good frame', 'frame-empty', '0001aa0000', ['aa']),
    frames('two frames of a handshake', 'ok', '0002aaaa0001bb', ['aaaa', 'bb'], [2, 1]),
    frames('a handshake frame that is too long, before its body', 'frame-length', '0003', [], [2]),
    frames('a handshake frame that is too short', 'frame-length', '0001aa', [], [2]),
    frames('the second handshake frame is too long', 'frame-length', '0002aaaaffff', ['aaaa'], [2, 1]),
    frames('length 0 in a handshake', 'frame-empty', '0000', [], [2]),
  ];
}
