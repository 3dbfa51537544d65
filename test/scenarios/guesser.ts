import { concatBytes, type Bytes } from '../../src/base/index.ts';
import type { Entropy, X25519KeyPair } from '../../src/crypto/index.ts';
import type { EngineInput, EngineOutput, LinkId } from '../../src/engine/index.ts';
import { nativePrimitives } from '../../src/primitives/index.ts';
import { enrolInitiator } from '../../src/protocol/handshake/index.ts';
import { encodeFrame, encodePreface } from '../../src/protocol/wire/index.ts';
import type { SimulatedNode } from '../../src/testing/index.ts';

/** Frame header, 65 bytes, tag. */
export const PAKE2_FRAME: number = 2 + 65 + 16;

/** The engine that is attacked. */
export interface Target {
  input(input: EngineInput): readonly EngineOutput[];
  nextLink(): LinkId;
}

/** A node of a world as a target: what it gives out for the attacker's connections is handed to the attacker. */
export function targetOf(node: SimulatedNode): Target {
  return {
    input: (input) => {
      const outputs: EngineOutput[] = [];
      const { engine } = node;
      const handle = engine.handle.bind(engine);
      engine.handle = (...args) => {
        const out = handle(...args);
        outputs.push(...out);
        return out;
      };
      node.input(input);
      engine.handle = handle;
      return outputs;
    },
    nextLink: () => node.nextLink(),
  };
}

export interface Guess {
  /** user_I */
  readonly as: string;
  /** user_R; default the guesser's target. */
  readonly to?: string;
  readonly address?: string;
  readonly passwords?: { readonly own: string; readonly peer: string };
  readonly keys?: X25519KeyPair;
  /** Whether the connection stays open, waiting, after PAKE2. */
  readonly isLeftOpen?: boolean;
}

export interface Outcome {
  /** PAKE2 came: one password has been tested. */
  readonly wasHeard: boolean;
  readonly link: LinkId;
  /** Everything that the target did for this connection, in order: lengths of writes, and its end with its code. */
  readonly seen: readonly string[];
}

const WRONG = { own: 'a guess', peer: 'another guess' };

/** Somebody who dials and tries a password, over and over. */
export class Guesser {
  readonly #target: Target;
  readonly #name: string;
  readonly #entropy: Entropy;
  readonly #keys: X25519KeyPair;

  constructor(target: Target, name: string, entropy: Entropy) {
    this.#target = target;
    this.#name = name;
    this.#entropy = entropy;
    const secret = entropy.bytes(32);
    this.#keys = { secret, publicKey: nativePrimitives.x25519PublicKey(secret) };
  }

  /** The whole attempt at one moment. */
  guess({ as, to = this.#name, address = '192.0.2.1', passwords = WRONG, keys, isLeftOpen }: Guess): Outcome {
    const link = this.#target.nextLink();
    const seen: string[] = [];
    const say = (input: EngineInput): Bytes | undefined => {
      const outputs = this.#target.input(input);
      seen.push(...outputs.flatMap((output) => trace(output, link)));
      for (const output of outputs)
        if (output.type === 'write' && output.link === link) return output.bytes.subarray(2);
      return undefined;
    };
    const machine = enrolInitiator({
      primitives: nativePrimitives,
      entropy: this.#entropy,
      preface: encodePreface('enrol'),
      localName: as,
      localStatic: keys ?? this.#keys,
      remoteName: to,
      passwords,
    });
    say({ type: 'accepted', link, address, remote: address });
    const started = machine.start();
    let answer = say({
      type: 'bytes',
      link,
      bytes: concatBytes(encodePreface('enrol'), ...framesOf(started)),
    });
    if (answer)
      answer = say({ type: 'bytes', link, bytes: concatBytes(...framesOf(machine.receive(answer))) });
    const wasHeard = answer !== undefined;
    if (answer) {
      const last = machine.receive(answer);
      if (last.ok) say({ type: 'bytes', link, bytes: concatBytes(...framesOf(last)) });
      else if (isLeftOpen !== true) say({ type: 'ended', link });
    }
    return { wasHeard, link, seen };
  }
}

function framesOf(step: ReturnType<ReturnType<typeof enrolInitiator>['start']>): readonly Bytes[] {
  if (!step.ok) throw new Error(step.failure.message);
  return step.value.send.map((body) => encodeFrame(body));
}

function trace(output: EngineOutput, link: LinkId): readonly string[] {
  if (output.type === 'commit') return [`commit ${output.changes.map((change) => change.type).join()}`];
  if (!('link' in output) || output.link !== link) return [];
  if (output.type === 'write') return [`write ${output.bytes.length}`];
  return output.type === 'release' ? [`release ${output.failure?.code}`] : [output.type];
}
