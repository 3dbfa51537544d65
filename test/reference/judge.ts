import { type Bytes, hex, unhex, utf8, zeros } from './bytes.ts';
import { type Handshake, type Proven, enrolInitiator, enrolResponder } from './enrol.ts';
import { type EnvelopeDirection, openEnvelope } from './envelope.ts';
import { bytesOf } from './envelope-json.ts';
import { ENROL_PREFACE, readFrames, readPreface, SESSION_PREFACE } from './frames.ts';
import { readItem } from './items.ts';
import type {
  ConnectionCase,
  EnvelopeCase,
  FramesCase,
  HandshakeCase,
  KitCase,
  LocalSide,
  PrefaceCase,
  RecordCase,
  SessionCase,
} from './kit/case.ts';
import { nextRecordKey } from './keys.ts';
import { open } from './noise.ts';
import { readItems } from './records.ts';
import { demand, Refused, unwatched } from './refused.ts';
import { SessionTarget } from './session-target.ts';
import { sessionInitiator, sessionResponder } from './session-handshake.ts';

/** What a side did with a case: the code, and of the case's other members those that say what came out. */
export type Verdict = Readonly<Record<string, unknown>> & { readonly code: string };

/** What this implementation says to a case of the conformance kit. */
export function judge(kitCase: KitCase): Verdict {
  switch (kitCase.kind) {
    case 'preface':
      return judgePreface(kitCase);
    case 'frames':
      return judgeFrames(kitCase);
    case 'handshake':
      return judgeHandshake(kitCase);
    case 'record':
      return judgeRecord(kitCase);
    case 'session':
      return judgeSession(kitCase);
    case 'envelope':
      return judgeEnvelope(kitCase);
    case 'connection':
      return judgeConnection(kitCase);
  }
}

/** ok, or the code of the refusal. */
export function codeOf(work: () => void): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

function judgePreface({ bytes }: PrefaceCase): Verdict {
  let mode = '';
  const code = codeOf(() => {
    mode = readPreface(unhex(bytes));
  });
  return code === 'ok' ? { code, mode } : { code };
}

function judgeFrames({ stream, lengths }: FramesCase): Verdict {
  const bodies: string[] = [];
  const code = codeOf(() => {
    readFrames(unhex(stream), lengths, (body) => bodies.push(hex(body)));
  });
  return { code, bodies };
}

/** The handshake of the side under test. */
export function handshakeOf(mode: 'enrol' | 'session', role: 'I' | 'R', local: LocalSide): Handshake {
  const bytes = (text: string | undefined): Bytes => unhex(text ?? '');
  const ephemeral = bytes(local.ephemeral);
  const own = { user: local.user, static: bytes(local.static), ephemeral };
  const [kemSeed, kemMessage, pakeScalar] = [local.kem_seed, local.kem_message, local.pake_scalar].map(
    bytes,
  ) as [Bytes, Bytes, Bytes];
  const { peer = '', own_password: ownPassword = '', peer_password: peerPassword = '' } = local;
  const processSecret = zeros(32);
  if (mode === 'enrol' && role === 'I') {
    const peerKey = local.peer_key === undefined ? undefined : unhex(local.peer_key);
    return enrolInitiator(
      { ...own, peer, ownPassword, peerPassword, peerKey, kemSeed, pakeScalar },
      unwatched,
    );
  }
  if (mode === 'enrol') {
    const contacts = (local.contacts ?? []).map(({ user, password, key }) => ({
      user,
      password,
      key: key === undefined ? undefined : unhex(key),
    }));
    return enrolResponder(
      { ...own, ownPassword, contacts, processSecret, kemMessage, pakeScalar },
      unwatched,
    );
  }
  if (role === 'I') {
    const pin = { pinnedKey: bytes(local.pinned_key), psk: bytes(local.psk) };
    return sessionInitiator({ ...own, ...pin, peer, kemSeed }, unwatched);
  }
  const pins = (local.pins ?? []).map(({ user, key, psk }) => ({ user, key: unhex(key), psk: unhex(psk) }));
  return sessionResponder({ ...own, pins, processSecret, kemMessage }, unwatched);
}

function judgeHandshake({ mode, role, local, receive }: HandshakeCase): Verdict {
  const side = handshakeOf(mode, role, local);
  let at = -1;
  let proven: Proven | undefined;
  const code = codeOf(() => {
    let step = side.next();
    for (const body of receive.map(bytesOf)) {
      if (step.done) break;
      at += 1;
      demand(body.length === step.value.needs, 'frame-length');
      step = side.next(body);
    }
    if (step.done) proven = step.value;
  });
  return code === 'ok' ? { code, at, proven: proven && provenAsJson(proven) } : { code, at };
}

export const provenAsJson = ({ peer, peerStatic, h, ss }: Proven): NonNullable<HandshakeCase['proven']> => ({
  peer,
  peer_static: hex(peerStatic),
  h: hex(h),
  ss: hex(ss),
});

function judgeRecord({ key, n, bodies }: RecordCase): Verdict {
  let inForce = unhex(key);
  let at = -1;
  const code = codeOf(() => {
    for (const body of bodies.map(bytesOf)) {
      at += 1;
      const count = BigInt(n) + BigInt(at);
      if (at > 0 && count % 2n ** 16n === 0n) inForce = nextRecordKey(inForce);
      demand(count < 2n ** 53n - 1n, 'counter-exhausted');
      const plaintext = open(inForce, count, zeros(0), body);
      demand(plaintext !== undefined, 'record-decrypt');
      readItems(plaintext).forEach(readItem);
    }
  });
  return { code, at };
}

function judgeSession({ role, h, ss, rekeys = [], steps }: SessionCase): Verdict {
  const secrets = rekeys.map(({ ephemeral, kem_seed: seed = '', kem_message: message = '' }) => ({
    ephemeral: unhex(ephemeral),
    kemSeed: unhex(seed),
    kemMessage: unhex(message),
  }));
  const target = new SessionTarget(role, { h: unhex(h), ss: unhex(ss) }, secrets);
  let at = -1;
  const code = codeOf(() => {
    for (const step of steps) {
      at += 1;
      if (step.do === 'receive') target.receive(bytesOf(step.body));
      else target[step.do]();
    }
  });
  return { code, at, acted: target.acted };
}

function judgeEnvelope({ h, dir, enc, mac, envelopes }: EnvelopeCase): Verdict {
  const direction: EnvelopeDirection = {
    h: unhex(h),
    dir,
    enc: unhex(enc),
    mac: unhex(mac),
    k: 0n,
    position: 0,
  };
  const plaintexts: string[] = [];
  let at = -1;
  const code = codeOf(() => {
    for (const { seq, text, hex: bytes } of envelopes) {
      at += 1;
      const envelope = text === undefined ? unhex(bytes ?? '') : utf8(text);
      plaintexts.push(hex(openEnvelope(direction, BigInt(seq), envelope).plaintext));
    }
  });
  return { code, at, plaintexts };
}

/** The lengths of the frames that a side receives in a handshake (spec/02 §4 and §5). */
export const HANDSHAKE_LENGTHS = {
  enrol: { I: [1200, 81], R: [1216, 64, 181, 49] },
  session: { I: [1152], R: [1248, 196] },
} as const;

function judgeConnection({ mode, role, local, stream, ends }: ConnectionCase): Verdict {
  const bytes = bytesOf(stream);
  const side = handshakeOf(mode, role, local);
  let step = side.next();
  let target: SessionTarget | undefined;
  const code = codeOf(() => {
    let frames = bytes;
    if (role === 'R') {
      const isRight = readPreface(bytes.slice(0, 8)) === mode;
      demand(isRight || bytes.length < 8, 'preface-mode');
      frames = bytes.slice(8);
    }
    readFrames(frames, HANDSHAKE_LENGTHS[mode][role], (body) => {
      if (target?.session.peerHasClosed) return;
      if (target) target.receive(body);
      else if (!step.done) step = side.next(body);
      target ??= begun(role, step);
      if (target?.session.peerReady !== undefined && target.session.ownReady === undefined) target.ready();
    });
    if (ends)
      demand(target?.session.peerHasClosed === true, target?.isOpen() === true ? 'truncated' : 'not-proven');
  });
  return { code, acted: target?.acted ?? [] };
}

function begun(role: 'I' | 'R', step: IteratorResult<unknown, Proven>): SessionTarget | undefined {
  if (!step.done) return undefined;
  const target = new SessionTarget(role, step.value, []);
  if (role === 'I') target.ready();
  return target;
}

export const prefaceOf = (mode: 'enrol' | 'session'): Bytes =>
  mode === 'enrol' ? ENROL_PREFACE : SESSION_PREFACE;
