import { decodeHex, encodeHex, encodeUtf8, success, type Bytes } from '../../src/base/index.ts';
import { normalisePassword } from '../../src/directory/index.ts';
import { nativePrimitives as native } from '../../src/primitives/index.ts';
import {
  encodePreface,
  enrolInitiator,
  enrolResponder,
  sessionInitiator,
  sessionResponder,
  type Established,
  type HandshakeMachine,
} from '../../src/protocol/index.ts';
import type { HandshakeCase, LocalSide } from '../reference/kit/case.ts';
import type { Verdict } from '../reference/judge.ts';
import { fromBase64 } from './kit-files.ts';
import { scriptedEntropy } from './scripted-entropy.ts';

const bytesOf = (hex: string): Bytes => decodeHex(hex) ?? new Uint8Array();

/** Passwords that nobody knows, as spec/02 §4.3 has it. */
const NOBODY_KNOWS = { pwI: new Uint8Array(32).fill(1), pwR: new Uint8Array(32).fill(2) };
const UNKNOWN_PSK = new Uint8Array(32).fill(3);

/** The handshake of the side under test, with the case's secrets. */
export function handshakeOf(mode: 'enrol' | 'session', role: 'I' | 'R', local: LocalSide): HandshakeMachine {
  const secret = bytesOf(local.static);
  const base = {
    primitives: native,
    preface: encodePreface(mode),
    localName: local.user,
    localStatic: { secret, publicKey: native.x25519PublicKey(secret) },
    entropy: scriptedEntropy({
      bytes: [local.ephemeral, ...(local.pake_scalar === undefined ? [] : [local.pake_scalar])].map(bytesOf),
      kemSeeds: local.kem_seed === undefined ? [] : [bytesOf(local.kem_seed)],
      kemMessages: local.kem_message === undefined ? [] : [bytesOf(local.kem_message)],
    }),
  };
  if (role === 'I') {
    const remoteName = local.peer ?? '';
    if (mode === 'session') {
      const pin = { remoteStatic: bytesOf(local.pinned_key ?? ''), pairPsk: bytesOf(local.psk ?? '') };
      return sessionInitiator({ ...base, remoteName, ...pin });
    }
    const passwords = { own: passwordOf(local.own_password), peer: passwordOf(local.peer_password) };
    const expectedKey = local.peer_key === undefined ? {} : { expectedKey: bytesOf(local.peer_key) };
    return enrolInitiator({ ...base, remoteName, passwords, ...expectedKey });
  }
  if (mode === 'enrol')
    return enrolResponder({
      ...base,
      authority: { passwordsFor: (claim) => success(passwordsFor(local, claim)) },
    });
  const pinOf = (key: Bytes) => local.pins?.find((pin) => pin.key === encodeHex(key));
  const authority = {
    pskFor: (key: Bytes): Bytes => {
      const pin = pinOf(key);
      return pin === undefined ? UNKNOWN_PSK : bytesOf(pin.psk);
    },
    nameFor: (key: Bytes): string | undefined => pinOf(key)?.user,
  };
  return sessionResponder({ ...base, authority });
}

interface Claim {
  readonly userI: Bytes;
  readonly userR: Bytes;
  readonly remoteStatic: Bytes;
}

/** The part of the program's trust desk that a case can say: the directory, and its keys. */
function passwordsFor(local: LocalSide, { userI, userR, remoteStatic }: Claim) {
  const isName = (name: string, bytes: Bytes): boolean => encodeHex(encodeUtf8(name)) === encodeHex(bytes);
  const contact = local.contacts?.find(({ user }) => isName(user, userI));
  const isKnown = contact !== undefined && isName(local.user, userR) && contact.user !== local.user;
  if (!isKnown || (contact.key ?? encodeHex(remoteStatic)) !== encodeHex(remoteStatic)) return NOBODY_KNOWS;
  return { pwI: encodeUtf8(passwordOf(contact.password)), pwR: encodeUtf8(passwordOf(local.own_password)) };
}

function passwordOf(text = ''): string {
  if (text === '') return '';
  const password = normalisePassword(text);
  if (!password.ok) throw new Error('a password of the kit is malformed');
  return password.value;
}

export function handshakeVerdict({ mode, role, local, receive }: HandshakeCase): Verdict {
  const machine = handshakeOf(mode, role, local);
  machine.start();
  let at = -1;
  for (const body of receive) {
    at += 1;
    const step = machine.receive(fromBase64(body));
    if (!step.ok) return { code: step.failure.code, at };
    if (step.value.established) return { code: 'ok', at, proven: provenOf(step.value.established) };
  }
  return { code: 'ok', at, proven: undefined };
}

const provenOf = ({ remoteName, remoteStatic, handshakeHash, sessionSecret }: Established) => ({
  peer: remoteName,
  peer_static: encodeHex(remoteStatic),
  h: encodeHex(handshakeHash),
  ss: encodeHex(sessionSecret),
});
