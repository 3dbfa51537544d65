import { equalBytes, type Bytes } from '../../../src/base/index.ts';
import { nativePrimitives } from '../../../src/primitives/index.ts';
import {
  answerRekey,
  beginRekey,
  REKEY1_LENGTH,
  REKEY2_LENGTH,
} from '../../../src/protocol/handshake/rekey.ts';
import { fastSeededEntropy, seededBytes } from '../../../src/testing/index.ts';
import { must, type FuzzTarget } from '../target.ts';

const PSK = seededBytes(31)(32);
const HASH = seededBytes(32)(32);
const options = (seed: number) => ({
  primitives: nativePrimitives,
  entropy: fastSeededEntropy(seed),
  psk: PSK.slice(),
  handshakeHash: HASH.slice(),
});
const asked = beginRekey(options(1)).rekey1;
const answered = answerRekey(options(2), asked);
if (!answered.ok) throw new Error('the recorded key exchange failed');
const { rekey2 } = answered.value;

function fitted(body: Bytes, length: number): Bytes {
  const fit = new Uint8Array(length);
  fit.set(body.subarray(0, length));
  return fit;
}

const rekey1: FuzzTarget = {
  name: 'rekey1',
  seeds: [asked],
  cost: 'costly',
  lengthMax: REKEY1_LENGTH,
  run: (input) => {
    const message = fitted(input, REKEY1_LENGTH);
    const answer = answerRekey(options(2), message);
    if (!answer.ok) return answer.failure.code;
    must(equalBytes(message, asked), 'new keys are made with who holds the old ones');
    return 'answered';
  },
};

const rekey2Target: FuzzTarget = {
  name: 'rekey2',
  seeds: [rekey2],
  cost: 'costly',
  lengthMax: REKEY2_LENGTH,
  run: (input) => {
    const message = fitted(input, REKEY2_LENGTH);
    const finished = beginRekey(options(1)).finish(message);
    if (!finished.ok) return finished.failure.code;
    must(equalBytes(message, rekey2), 'new keys are made with who holds the old ones');
    return 'finished';
  },
};

export const rekeyTargets: readonly FuzzTarget[] = [rekey1, rekey2Target];
