import { expect, test } from 'vitest';
import { normalisePassword, safetyNumber } from '../../src/directory/index.ts';
import { nativePrimitives as native } from '../../src/primitives/index.ts';
import {
  Connection,
  enrolInitiator,
  enrolResponder,
  sessionInitiator,
  sessionResponder,
  type Ack,
  type Bytes,
  type ConnectionInput,
  type ConnectionOutput,
  type EnvelopeHeader,
  type HandshakeMachine,
  type Ready,
} from '../../src/protocol/index.ts';
import { decodeHex, encodeHex, encodeUtf8, success } from '../../src/base/index.ts';
import { goldenText } from '../reference/make-vectors.ts';
import { scriptedEntropy } from './scripted-entropy.ts';
import { specFile, specText } from './spec-file.ts';

type Hex = Readonly<Record<string, string>>;

interface GoldenItem {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface GoldenFrame {
  readonly from: 'I' | 'R';
  readonly name: string;
  readonly items?: readonly GoldenItem[];
  readonly body: string;
}

interface GoldenConnection {
  readonly preface: string;
  readonly inputs: Hex;
  readonly rekey?: { readonly inputs: Hex };
  readonly frames: readonly GoldenFrame[];
}

const golden = specFile('vectors/golden.json') as {
  readonly safety_number: string;
  readonly enrol: GoldenConnection;
  readonly session: GoldenConnection;
};

test('spec/vectors/golden.json is what the reference implementation makes', () => {
  expect(specText('vectors/golden.json')).toBe(goldenText());
});

test('this program makes every byte of the golden enrol, both sides, up to CLOSE (CRY-01)', () => {
  const { frames } = golden.enrol;

  expect(replay(golden.enrol, enrolMachines(golden.enrol))).toStrictEqual(bodiesOf(frames));
});

test('this program makes every byte of the golden session and of the key exchange in it, both sides (CRY-01)', () => {
  const { frames } = golden.session;

  expect(replay(golden.session, sessionMachines(golden.session))).toStrictEqual(bodiesOf(frames));
});

test('both people of the golden enrol see its safety number', () => {
  const { inputs } = golden.enrol;
  const alice = { name: inputs['user_I']!, key: keyPair(bytesOf(inputs, 'static_I')).publicKey };
  const zoe = { name: inputs['user_R']!, key: keyPair(bytesOf(inputs, 'static_R')).publicKey };

  expect(safetyNumber(native, alice, zoe)).toBe(golden.safety_number);
  expect(safetyNumber(native, zoe, alice)).toBe(golden.safety_number);
});

const bytesOf = (inputs: Hex, name: string): Bytes => decodeHex(inputs[name]!)!;

function keyPair(secret: Bytes) {
  return { secret, publicKey: native.x25519PublicKey(secret) };
}

interface Machines {
  readonly I: HandshakeMachine;
  readonly R: HandshakeMachine;
}

function enrolMachines({ inputs, preface }: GoldenConnection): Machines {
  const input = (name: string): Bytes => bytesOf(inputs, name);
  const [pwI, pwR] = [inputs['password_I']!, inputs['password_R']!].map(normalised) as [string, string];
  const base = { primitives: native, preface: decodeHex(preface)! };
  return {
    I: enrolInitiator({
      ...base,
      entropy: scriptedEntropy({
        bytes: [input('ephemeral_I'), input('pake_scalar_I')],
        kemSeeds: [input('kem_seed_I')],
      }),
      localName: inputs['user_I']!,
      localStatic: keyPair(input('static_I')),
      remoteName: inputs['user_R']!,
      passwords: { own: pwI, peer: pwR },
    }),
    R: enrolResponder({
      ...base,
      entropy: scriptedEntropy({
        bytes: [input('ephemeral_R'), input('pake_scalar_R')],
        kemMessages: [input('kem_message_R')],
      }),
      localName: inputs['user_R']!,
      localStatic: keyPair(input('static_R')),
      authority: { passwordsFor: () => success({ pwI: encodeUtf8(pwI), pwR: encodeUtf8(pwR) }) },
    }),
  };
}

function normalised(password: string): string {
  const result = normalisePassword(password);
  if (!result.ok) throw new Error('a golden password is malformed');
  return result.value;
}

function sessionMachines({ inputs, preface }: GoldenConnection): Machines {
  const input = (name: string): Bytes => bytesOf(inputs, name);
  const base = { primitives: native, preface: decodeHex(preface)! };
  return {
    I: sessionInitiator({
      ...base,
      entropy: scriptedEntropy({ bytes: [input('ephemeral_I')], kemSeeds: [input('kem_seed_I')] }),
      localName: inputs['user_I']!,
      localStatic: keyPair(input('static_I')),
      remoteName: inputs['user_R']!,
      remoteStatic: keyPair(input('static_R')).publicKey,
      pairPsk: input('pair_psk'),
    }),
    R: sessionResponder({
      ...base,
      entropy: scriptedEntropy({ bytes: [input('ephemeral_R')], kemMessages: [input('kem_message_R')] }),
      localName: inputs['user_R']!,
      localStatic: keyPair(input('static_R')),
      authority: { pskFor: () => input('pair_psk'), nameFor: () => inputs['user_I'] },
    }),
  };
}

/** The bodies of all frames in hex, in the order in which each side sent them. */
interface Bodies {
  readonly I: readonly string[];
  readonly R: readonly string[];
}

const bodiesOf = (frames: readonly GoldenFrame[]): Bodies => ({
  I: frames.filter(({ from }) => from === 'I').map(({ body }) => body),
  R: frames.filter(({ from }) => from === 'R').map(({ body }) => body),
});

const REKEY_AFTER_MS = 1_000;

/** Both sides say what the golden connection says; what each wrote comes back. */
function replay(connection: GoldenConnection, machines: Machines): Bodies {
  const secrets = connection.rekey?.inputs ?? {};
  const rekeyEntropy = (side: 'I' | 'R') =>
    scriptedEntropy({
      bytes: `ephemeral_${side}` in secrets ? [bytesOf(secrets, `ephemeral_${side}`)] : [],
      kemSeeds: 'kem_seed_I' in secrets ? [bytesOf(secrets, 'kem_seed_I')] : [],
      kemMessages: 'kem_message_R' in secrets ? [bytesOf(secrets, 'kem_message_R')] : [],
    });
  const mode = connection.preface === golden.enrol.preface ? 'enrol' : 'session';
  const common = { primitives: native, lingerMs: 60_000, now: at(0), rekey: { afterMs: REKEY_AFTER_MS } };
  const sides = {
    I: new Connection({
      ...common,
      entropy: rekeyEntropy('I'),
      role: { role: 'initiator', mode, handshake: machines.I },
    }),
    R: new Connection({
      ...common,
      entropy: rekeyEntropy('R'),
      role: { role: 'responder', handshakeFor: () => machines.R },
    }),
  };
  const sent = { I: '', R: '' };
  const feed = (side: 'I' | 'R', input: ConnectionInput, now = 0): void => {
    const outputs = sides[side].handle(input, at(now));
    expect(failureOf(outputs)).toBeUndefined();
    const bytes = outputs.flatMap((output) => (output.type === 'write' ? [output.bytes] : []));
    for (const written of bytes) sent[side] += encodeHex(written);
    for (const written of bytes) feed(side === 'I' ? 'R' : 'I', { type: 'bytes', bytes: written });
  };
  feed('I', { type: 'opened' });
  for (const { from, items } of connection.frames) {
    const input = inputFor(items ?? []);
    if (input) feed(from, input, input.type === 'tick' ? REKEY_AFTER_MS : 0);
  }
  expect(sent.I.slice(0, 16)).toBe(connection.preface);
  return { I: bodiesIn(sent.I.slice(16)), R: bodiesIn(sent.R) };
}

const at = (monotonic: number) => ({ monotonic, wall: monotonic });

function failureOf(outputs: readonly ConnectionOutput[]): string | undefined {
  for (const output of outputs) if (output.type === 'closed') return output.failure?.code;
  return undefined;
}

function bodiesIn(stream: string): string[] {
  const length = 4 + 2 * Number.parseInt(stream.slice(0, 4), 16);
  return stream === '' ? [] : [stream.slice(4, length), ...bodiesIn(stream.slice(length))];
}

/** What makes a side send a record with these items; undefined for what it sends by itself. */
function inputFor(items: readonly GoldenItem[]): ConnectionInput | undefined {
  const [first] = items;
  switch (first?.type) {
    case 'READY':
      return { type: 'ready', ready: readyOf(first) };
    case 'MSG':
    case 'ACK': {
      const ack = items.find((item) => item.type === 'ACK');
      const messages = items.filter((item) => item.type === 'MSG').map(messageOf);
      return { type: 'send', messages, ...(ack && { ack: ackOf(ack) }) };
    }
    case 'REKEY1':
      return { type: 'tick' };
    case 'CLOSE':
      return { type: 'close', code: 'done' };
    default:
      return undefined;
  }
}

function readyOf(item: GoldenItem): Ready {
  const bytes = (name: string): Bytes => decodeHex(String(item[name]))!;
  return {
    status: 'ok',
    clock: Number(item['clock']),
    maxVersion: Number(item['version']),
    capabilities: Number(item['caps']),
    epoch: bytes('my_epoch'),
    peerEpoch: bytes('your_epoch'),
    stored: Number(item['stored']),
    storedId: bytes('stored_id'),
    first: Number(item['first']),
    last: Number(item['last']),
  };
}

function ackOf(item: GoldenItem): Ack {
  const statuses = { 4: 'refused', 5: 'busy', 6: 'unsupported' } as const;
  const exceptions = item['exceptions'] as readonly { readonly seq: number; readonly status: 4 | 5 | 6 }[];
  return {
    cumulative: Number(item['cumulative']),
    exceptions: exceptions.map(({ seq, status }) => ({ seq, status: statuses[status] })),
  };
}

function messageOf(item: GoldenItem): { readonly header: EnvelopeHeader; readonly plaintext: Bytes } {
  const envelope = JSON.parse(String(item['envelope'])) as {
    readonly header: EnvelopeHeader & { readonly crc: number };
  };
  const { crc: _, ...header } = envelope.header;
  return { header, plaintext: encodeUtf8(String(item['text'])) };
}
