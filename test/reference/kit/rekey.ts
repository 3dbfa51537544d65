import { type Bytes, concat, zeros } from '../bytes.ts';
import { type Item, writeItemBody } from '../items.ts';
import { unwatched, type Watch } from '../refused.ts';
import { padded, sealRecord } from '../records.ts';
import type { RekeySecrets, Session } from '../session.ts';
import type { SessionCase } from './case.ts';
import { badKemKey, flip, kitSecret, LOW_ORDER, NOT_REDUCED, swapping } from './duel.ts';
import { text } from './session.ts';
import { type Director, sessionCase } from './session-case.ts';

// spec/03 "By a key exchange".

const SECTION = '03 Rekey';
const ACK: Item = { type: 'ACK', cumulative: 1n, exceptions: [] };
const CLOSE: Item = { type: 'CLOSE', code: 0, lastSeq: 0n };
const KEYSWITCH: Item = { type: 'KEYSWITCH' };

/** What the peer of the side under test draws. */
const secrets = (of: string): RekeySecrets => ({
  ephemeral: kitSecret(`rekey ephemeral of the peer, ${of}`),
  kemSeed: kitSecret(`rekey KEM seed of the peer, ${of}`, 64),
  kemMessage: kitSecret(`rekey KEM message of the peer, ${of}`),
});

const rekeyCase = (
  role: 'I' | 'R',
  name: string,
  code: string,
  play: (run: Director) => void,
  comment?: string,
): SessionCase =>
  sessionCase(
    role,
    name,
    SECTION,
    code,
    (run) => {
      run.open();
      play(run);
    },
    { rekeys: true, ...(comment !== undefined && { comment }) },
  );

export function rekeyCases(): SessionCase[] {
  return [...rightCases(), ...responderCases(), ...initiatorCases(), ...afterSwitchCases(), ...closeCases()];
}

/** I asks, R is under test. */
function ask(run: Director, of = '', watch: Watch = unwatched): void {
  run.take((peer) => peer.send(peer.beginRekey(secrets(of), watch)));
}

/** I's exchange as it should be, R is under test. */
function exchange(run: Director, of = ''): void {
  ask(run, of);
  run.take((peer) => peer.send(KEYSWITCH));
}

/** I under test asks; the items of R's answer. */
function answer(run: Director, watch: Watch = unwatched): (peer: Session) => readonly Item[] {
  let rekey1 = zeros(0);
  run.onSent((item) => {
    if (item.type === 'REKEY1') rekey1 = item.message;
  });
  run.rekey();
  return (peer) => peer.answerRekey(rekey1, secrets(''), watch);
}

function rightCases(): SessionCase[] {
  return [
    rekeyCase('R', 'a key exchange, messages before, in and after it', 'ok', (run) => {
      run.take((peer) => peer.send(text(peer, 1, 'before')));
      ask(run);
      run.take((peer) => peer.send(text(peer, 2, 'still under the old keys')));
      run.take((peer) => peer.send(text(peer, 3, 'the last one'), KEYSWITCH));
      run.take((peer) => peer.send(text(peer, 4, 'under the new keys')));
      run.take((peer) => peer.send(text(peer, 5, 'and on'), CLOSE));
    }),
    rekeyCase('R', 'two key exchanges, one after the other', 'ok', (run) => {
      exchange(run, 'first');
      run.take((peer) => peer.send(text(peer, 1, 'once')));
      exchange(run, 'second');
      run.take((peer) => peer.send(text(peer, 2, 'twice')));
    }),
    rekeyCase('I', 'a key exchange, messages before, in and after it', 'ok', (run) => {
      run.take((peer) => peer.send(text(peer, 1, 'before')));
      const answered = answer(run);
      run.take((peer) => peer.send(text(peer, 2, 'sent before REKEY1 came')));
      run.take((peer) => peer.send(...answered(peer)));
      run.take((peer) => peer.send(text(peer, 3, 'under the new keys')));
    }),
    rekeyCase('I', 'REKEY2 and KEYSWITCH in two records', 'ok', (run) => {
      const answered = answer(run);
      run.take((peer) => {
        const [rekey2] = answered(peer);
        return peer.send(rekey2 ?? KEYSWITCH);
      });
      run.take((peer) => peer.send(ACK));
      run.take((peer) => peer.send(KEYSWITCH));
      run.take((peer) => peer.send(text(peer, 1, 'under the new keys')));
    }),
  ];
}

const top = (u: Bytes): Bytes => flip(u, 31, 0x80);

function responderCases(): SessionCase[] {
  const wrong = (name: string, change: Readonly<Record<string, (value: Bytes) => Bytes>>): SessionCase =>
    rekeyCase('R', name, 'rekey-failed', (run) => ask(run, '', swapping(change)));
  const flipped = (name: string, at: number): SessionCase =>
    rekeyCase('R', `a flipped bit in ${name} of REKEY1`, 'rekey-failed', (run) => {
      run.take((peer) => {
        const item = peer.beginRekey(secrets(''));
        return peer.send(item.type === 'REKEY1' ? { ...item, message: flip(item.message, at) } : item);
      });
    });
  const points = [...LOW_ORDER, ...NOT_REDUCED].map(([name, u]) =>
    wrong(`e of REKEY1 is ${name}`, { "e of I'": () => u }),
  );
  const moment = (name: string, play: (run: Director) => void): SessionCase =>
    rekeyCase('R', name, 'item-unexpected', play);
  const rekey1 = (peer: Session): Item => peer.beginRekey(secrets(''));
  return [
    wrong('REKEY1 with another psk', { psk: (psk) => flip(psk, 0) }),
    wrong('REKEY1 bound to another h', { h: (h) => flip(h, 0) }),
    wrong('REKEY1 with an ML-KEM key of which a coefficient is q', { "e1'": badKemKey }),
    wrong('the top bit of e of REKEY1 is set', { "e of I'": top }),
    flipped('e', 0),
    flipped('e1', 32),
    flipped('the tag of e1', 1231),
    flipped('the tag of the payload', -1),
    ...points,
    sessionCase('R', 'REKEY1 before READY', SECTION, 'item-unexpected', (run) => {
      run.take((peer) => peer.send(rekey1(peer)));
    }),
    moment('REKEY1 twice', (run) => {
      ask(run, 'first');
      ask(run, 'second');
    }),
    moment('REKEY1 twice in one record', (run) => {
      run.take((peer) => peer.send(rekey1(peer), rekey1(peer)));
    }),
    moment('REKEY2 at R', (run) => {
      run.take((peer) => peer.send({ type: 'REKEY2', message: zeros(1152) }));
    }),
    moment('KEYSWITCH without REKEY1', (run) => {
      run.take((peer) => peer.sendRaw([writeItemBody(KEYSWITCH)]));
    }),
    moment('KEYSWITCH twice', (run) => {
      exchange(run);
      run.take((peer) => peer.sendRaw([writeItemBody(KEYSWITCH)]));
    }),
    moment('KEYSWITCH is not the last item of its record', (run) => {
      ask(run);
      run.take((peer) => peer.sendRaw([KEYSWITCH, ACK].map(writeItemBody)));
    }),
    moment('KEYSWITCH twice in one record', (run) => {
      ask(run);
      run.take((peer) => peer.sendRaw([ACK, KEYSWITCH, KEYSWITCH].map(writeItemBody)));
    }),
  ];
}

function initiatorCases(): SessionCase[] {
  const wrong = (name: string, change: Readonly<Record<string, (value: Bytes) => Bytes>>): SessionCase =>
    rekeyCase('I', name, 'rekey-failed', (run) => {
      const answered = answer(run, swapping(change));
      run.take((peer) => peer.send(...answered(peer)));
    });
  const flipped = (name: string, at: number): SessionCase =>
    rekeyCase('I', `a flipped bit in ${name} of REKEY2`, 'rekey-failed', (run) => {
      const answered = answer(run);
      run.take((peer) => {
        const [item] = answered(peer);
        const message = item?.type === 'REKEY2' ? flip(item.message, at) : zeros(0);
        return peer.sendRaw([{ type: 'REKEY2', message } as const, KEYSWITCH].map(writeItemBody));
      });
    });
  const points = [...LOW_ORDER, ...NOT_REDUCED].map(([name, u]) =>
    wrong(`e of REKEY2 is ${name}`, { "e of R'": () => u }),
  );
  const moment = (name: string, play: (run: Director) => void): SessionCase =>
    rekeyCase('I', name, 'item-unexpected', play);
  return [
    wrong('a ciphertext of another ML-KEM secret in REKEY2', {
      "ekem1'": (ciphertext) => flip(ciphertext, 0),
    }),
    wrong('the top bit of e of REKEY2 is set', { "e of R'": top }),
    flipped('e', 0),
    flipped('ekem1', 32),
    flipped('the tag of the payload', -1),
    ...points,
    moment('REKEY1 at I', (run) => {
      run.take((peer) => peer.send(peer.beginRekey(secrets(''))));
    }),
    moment('REKEY2 that nobody asked for', (run) => {
      run.take((peer) => peer.send({ type: 'REKEY2', message: zeros(1152) }));
    }),
    moment('a second REKEY2', (run) => {
      const answered = answer(run);
      run.take((peer) => {
        const [rekey2] = answered(peer).map(writeItemBody);
        return peer.sendRaw(rekey2 ? [rekey2, rekey2] : []);
      });
    }),
    moment('KEYSWITCH before REKEY2', (run) => {
      answer(run);
      run.take((peer) => peer.sendRaw([writeItemBody(KEYSWITCH)]));
    }),
    moment('KEYSWITCH, then REKEY2 in one record', (run) => {
      const answered = answer(run);
      run.take((peer) => peer.sendRaw([...answered(peer)].reverse().map(writeItemBody)));
    }),
    moment('KEYSWITCH without an exchange', (run) => {
      run.take((peer) => peer.sendRaw([writeItemBody(KEYSWITCH)]));
    }),
    moment('a second KEYSWITCH', (run) => {
      const answered = answer(run);
      run.take((peer) => peer.send(...answered(peer)));
      run.take((peer) => peer.sendRaw([writeItemBody(KEYSWITCH)]));
    }),
    moment('KEYSWITCH is not the last item of its record', (run) => {
      const answered = answer(run);
      run.take((peer) => peer.sendRaw([...answered(peer), ACK].map(writeItemBody)));
    }),
  ];
}

/** The first record and envelope after KEYSWITCH, each with one thing that was not replaced. */
function afterSwitchCases(): SessionCase[] {
  const wrong = (
    name: string,
    code: string,
    make: (peer: Session, old: Session['out']) => Bytes,
  ): SessionCase =>
    rekeyCase('R', name, code, (run) => {
      run.take((peer) => peer.send(text(peer, 1, 'before')));
      let old: Session['out'] | undefined;
      ask(run);
      run.take((peer) => {
        old = { ...peer.out };
        return peer.send(KEYSWITCH);
      });
      run.take((peer) => make(peer, old ?? peer.out));
    });
  const withEnvelope = (peer: Session, change: Partial<Session['out']['envelopes']>): Bytes => {
    Object.assign(peer.out.envelopes, change);
    return peer.send(text(peer, 2, 'after'));
  };
  const plaintext = padded([writeItemBody(ACK)]);
  return [
    wrong('a record under the old key after KEYSWITCH', 'record-decrypt', (_, old) =>
      sealRecord(old.rec, old.n + 1n, plaintext),
    ),
    wrong('n is not reset', 'record-decrypt', (peer, old) => sealRecord(peer.out.rec, old.n + 1n, plaintext)),
    wrong('an envelope under the old MAC key', 'envelope-hmac', (peer, old) =>
      withEnvelope(peer, { mac: old.envelopes.mac }),
    ),
    wrong('an envelope with the old h', 'envelope-hmac', (peer, old) =>
      withEnvelope(peer, { h: old.envelopes.h }),
    ),
    wrong('k is not reset', 'envelope-hmac', (peer) => withEnvelope(peer, { k: 1n })),
    wrong('the keystream is not new', 'envelope-text', (peer, old) =>
      withEnvelope(peer, { enc: old.envelopes.enc, position: old.envelopes.position }),
    ),
    wrong('the keystream does not begin at its first byte', 'envelope-text', (peer) =>
      withEnvelope(peer, { position: 6 }),
    ),
    rekeyCase('R', 'the new keys before KEYSWITCH', 'record-decrypt', (run) => {
      ask(run);
      run.take((peer) => {
        peer.send(KEYSWITCH);
        return peer.send(ACK);
      });
    }),
    rekeyCase('I', 'the old keys after KEYSWITCH', 'record-decrypt', (run) => {
      const answered = answer(run);
      let old: Session['out'] | undefined;
      run.take((peer) => {
        const items = answered(peer);
        old = { ...peer.out };
        return peer.send(...items);
      });
      run.take((peer) => sealRecord(old?.rec ?? peer.out.rec, (old?.n ?? 0n) + 1n, plaintext));
    }),
    rekeyCase('R', 'REKEY1 of the exchange before', 'rekey-failed', (run) => {
      const first: Bytes[] = [];
      run.take((peer) => {
        const item = peer.beginRekey(secrets('first'));
        if (item.type === 'REKEY1') first.push(item.message);
        return peer.send(item);
      });
      run.take((peer) => peer.send(KEYSWITCH));
      run.take((peer) => peer.send({ type: 'REKEY1', message: concat(...first) }));
    }),
  ];
}

/** Rule 7. */
function closeCases(): SessionCase[] {
  return [
    rekeyCase('R', 'REKEY1 after R’s own CLOSE is read over', 'ok', (run) => {
      run.close();
      run.take((peer) => peer.send(peer.beginRekey(secrets(''))));
      run.take((peer) => peer.send(ACK, CLOSE));
    }),
    rekeyCase('R', 'KEYSWITCH after R’s own CLOSE, and the last ACK under the new keys', 'ok', (run) => {
      ask(run);
      run.close();
      run.take((peer) => peer.send(KEYSWITCH));
      run.take((peer) => peer.send(ACK, CLOSE));
    }),
    rekeyCase('I', 'REKEY2 and KEYSWITCH after I’s own CLOSE', 'ok', (run) => {
      const answered = answer(run);
      run.close();
      run.take((peer) => peer.send(...answered(peer)));
      run.take((peer) => peer.send(ACK, CLOSE));
    }),
    rekeyCase('R', 'REKEY1 behind I’s CLOSE', 'item-unexpected', (run) => {
      run.take((peer) => peer.send(CLOSE, peer.beginRekey(secrets(''))));
    }),
    rekeyCase('R', 'KEYSWITCH behind I’s CLOSE', 'item-unexpected', (run) => {
      ask(run);
      run.take((peer) => peer.sendRaw([CLOSE, KEYSWITCH].map(writeItemBody)));
    }),
    rekeyCase('I', 'REKEY2 behind R’s CLOSE', 'item-unexpected', (run) => {
      const answered = answer(run);
      run.take((peer) => peer.sendRaw([CLOSE, ...answered(peer)].map(writeItemBody)));
    }),
  ];
}
