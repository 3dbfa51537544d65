import { concatBytes, encodeUtf8, equalBytes, type Bytes } from '../../../src/base/index.ts';
import { decodeNames, encodeNames, parseUsername } from '../../../src/protocol/handshake/names.ts';
import {
  checkPrefacePrefix,
  decodePreface,
  encodeFrame,
  encodePreface,
  StreamReader,
} from '../../../src/protocol/wire/index.ts';
import { must, type FuzzTarget } from '../target.ts';

const PREFACES = [encodePreface('enrol'), encodePreface('session')];

const preface: FuzzTarget = {
  name: 'preface',
  seeds: [...PREFACES, encodeUtf8('GET / HTTP/1.1\r\n'), Uint8Array.of(0x16, 3, 1)],
  cost: 'cheap',
  lengthMax: 16,
  run: (input) => {
    const decoded = decodePreface(input);
    const prefix = checkPrefacePrefix(input);
    if (!decoded.ok) {
      if (input.length === 8) must(!prefix.ok, 'a preface is refused at the latest with its eighth byte');
      return decoded.failure.code;
    }
    must(prefix.ok && equalBytes(encodePreface(decoded.value), input), 'one spelling of each mode');
    return decoded.value;
  },
};

/** The first two bytes say how the rest is cut, the third which length the first frame must announce. */
const stream: FuzzTarget = {
  name: 'stream',
  seeds: [
    concatBytes(
      Uint8Array.of(1, 1, 0),
      encodeFrame(Uint8Array.of(1, 2, 3)),
      encodeFrame(new Uint8Array(300)),
    ),
    concatBytes(Uint8Array.of(7, 2, 5), encodeFrame(new Uint8Array(5)), Uint8Array.of(0, 0)),
    Uint8Array.of(3, 0, 0, 0xff, 0xff, 1),
  ],
  cost: 'cheap',
  run: (input) => {
    const exact = (input[2] ?? 0) > 200 ? input[2] : undefined;
    const bytes = input.subarray(3);
    const whole = read([bytes], exact);
    const cut = read(chunksOf(bytes, input[0] ?? 0, input[1] ?? 0), exact);
    must(whole.end === cut.end && whole.frames.length === cut.frames.length, 'chunks mean nothing');
    for (const [index, frame] of whole.frames.entries())
      must(equalBytes(frame, cut.frames[index] ?? new Uint8Array(0)), 'chunks change no frame');
    const again = concatBytes(...whole.frames.map((frame) => encodeFrame(frame)));
    must(equalBytes(again, bytes.subarray(0, again.length)), 'frames are what arrived');
    must(whole.buffered <= bytes.length && cut.buffered <= bytes.length, 'no more is kept than arrived');
    return `${whole.end} ${Math.min(whole.frames.length, 3)}`;
  },
};

function read(chunks: readonly Bytes[], exact: number | undefined) {
  const reader = new StreamReader();
  const frames: Bytes[] = [];
  let end = 'incomplete';
  for (const chunk of chunks) {
    reader.push(chunk.slice());
    while (end === 'incomplete') {
      const next = reader.nextFrame(frames.length === 0 ? exact : undefined);
      if (next.type === 'frame') frames.push(next.body);
      else if (next.type === 'failed') end = next.failure.code;
      else break;
    }
  }
  return { frames, end, buffered: reader.bufferedBytes };
}

function chunksOf(bytes: Bytes, a: number, b: number): readonly Bytes[] {
  const chunks: Bytes[] = [];
  for (let at = 0, step = 0; at < bytes.length; step++) {
    const length = 1 + ((step % 2 === 0 ? a : b) % 64);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

const PEOPLE = ['alice', 'bob', 'Zoë', '名前', 'x'.repeat(64)].map((name) => encodeUtf8(name));

const names: FuzzTarget = {
  name: 'names',
  seeds: PEOPLE.flatMap((userI) => PEOPLE.map((userR) => encodeNames(userI, userR))),
  cost: 'cheap',
  lengthMax: 140,
  run: (input) => {
    const fitted = new Uint8Array(132);
    fitted.set(input.subarray(0, 132));
    const decoded = decodeNames(input.length % 2 === 0 ? fitted : input);
    if (!decoded.ok) return decoded.failure.code;
    const { userI, userR, nameI, nameR } = decoded.value;
    must(equalBytes(encodeNames(userI, userR), fitted), 'names have one spelling');
    must(
      equalBytes(encodeUtf8(nameI), userI) && equalBytes(encodeUtf8(nameR), userR),
      'names are their bytes',
    );
    must(userI.length <= 64 && userR.length <= 64, 'a name has at most 64 bytes');
    return 'ok';
  },
};

const wireName: FuzzTarget = {
  name: 'wire-name',
  seeds: PEOPLE,
  cost: 'cheap',
  lengthMax: 80,
  run: (input) => {
    const parsed = parseUsername(input);
    if (!parsed.ok) return parsed.failure.code;
    must(equalBytes(encodeUtf8(parsed.value), input), 'a name is its bytes');
    must(parsed.value.normalize('NFC') === parsed.value, 'a name is in NFC');
    must(!/\p{Cc}/u.test(parsed.value), 'a name has no control character');
    return 'ok';
  },
};

export const wireTargets: readonly FuzzTarget[] = [preface, stream, names, wireName];
