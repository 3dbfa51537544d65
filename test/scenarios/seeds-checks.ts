import type { ChatEvent } from '../../src/api/index.ts';
import type { SimulatedNode, World } from '../../src/testing/index.ts';

// What must hold of every world when its faults are over (RELIABILITY §0): nothing acked is lost, nothing is stored or shown
// twice, order is the sender's, states never go backwards, and everything queued has found its end.

/** What only a broken or hostile peer does: between two honest ones no connection may end with any of these. */
const VIOLATIONS: ReadonlySet<string> = new Set([
  'counter-exhausted',
  'frame-empty',
  'frame-length',
  'item-body',
  'item-unexpected',
  'item-unknown',
  'message-seq-reused',
  'record-decrypt',
  'record-structure',
  'rekey-failed',
]);

/** So many of the last settled ones go out again to a peer that lost them (spec/05 “Repair”). */
const REPAIRED_MAX = 1_000;

export interface Played {
  readonly world: World;
  /** Went back to an older state of its disk, at this time (UTC ms): what it queued or was shown since is nobody's. */
  readonly rolledBack: ReadonlyMap<string, number>;
  /** What the call that queued it said was on the disk, by its sender. */
  readonly kept: ReadonlyMap<string, readonly string[]>;
  /** Must never arrive: the call that queued it failed, or its time was over already. */
  readonly stillborn: ReadonlySet<string>;
  /** Somebody was removed from a directory for a while: what left early then has not left. */
  readonly wasRefused: boolean;
}

/** What went wrong; undefined when everything holds. */
export function faultOf({ world, rolledBack, kept, stillborn, wasRefused }: Played): string | undefined {
  const nodes = [...world.nodes.values()];
  for (const node of nodes) {
    const fault =
      violationOf(node) ??
      arrivalFaultOf(node, stillborn) ??
      (rolledBack.has(node.name)
        ? undefined
        : (tellingFaultOf(node, wasRefused) ?? keepingFaultOf(node, kept.get(node.name) ?? [])));
    if (fault !== undefined) return `${node.name}: ${fault}`;
  }
  for (const from of nodes) {
    for (const to of nodes) {
      const isCertain = !rolledBack.has(from.name) && !rolledBack.has(to.name);
      const fault = from === to ? undefined : wayFaultOf(from, to, isCertain, rolledBack.get(to.name));
      if (fault !== undefined) return `${from.name} to ${to.name}: ${fault}`;
    }
  }
  return undefined;
}

function violationOf(node: SimulatedNode): string | undefined {
  const found = node.failures.find(({ code }) => VIOLATIONS.has(code) || code.startsWith('envelope-'));
  return found && `a connection ended with ${found.code}`;
}

function arrivalFaultOf(node: SimulatedNode, stillborn: ReadonlySet<string>): string | undefined {
  const seen = new Set<string>();
  for (const { row } of node.disk.incoming()) {
    if (seen.has(row.id)) return `${row.id} is stored twice`;
    if (stillborn.has(row.id)) return `${row.id} came though it was rejected or over`;
    seen.add(row.id);
  }
  return undefined;
}

function keepingFaultOf({ disk }: SimulatedNode, kept: readonly string[]): string | undefined {
  const onDisk = new Set(disk.changes.flatMap((each) => (each.type === 'outbox-put' ? [each.row.id] : [])));
  const lost = kept.find((id) => !onDisk.has(id));
  return lost && `${lost} was said to be on the disk and is not`;
}

/** What its faces were told. */
function tellingFaultOf(node: SimulatedNode, wasRefused: boolean): string | undefined {
  const shown = new Set<string>();
  const unmarked = new Set<string>();
  const states = new Map<string, number>();
  const resends = resendsOf(node);
  for (const event of node.events) {
    if (event.type === 'message-received') {
      if (event.isBelated !== true && unmarked.has(event.id))
        return `${event.id} is shown twice without a mark`;
      if (event.isBelated !== true) unmarked.add(event.id);
      shown.add(event.id);
    }
    if (event.type !== 'message-progress') continue;
    const { id, progress } = event;
    const [before, after] = [states.get(id) ?? 0, RANKS[progress.state] ?? 2];
    states.set(id, after);
    if (wasRefused && before === 1 && after === 0) continue;
    const fault = stepFaultOf(before, after, event);
    // Queued once more it begins anew; a crash may have kept from us that it had been settled, or that it was queued.
    if (fault !== undefined && !resends.delete(id)) return fault;
  }
  const unseen = node.disk.incoming().find(({ row }) => !shown.has(row.id));
  return unseen && `${unseen.row.id} is stored and was never shown`;
}

const RANKS: Readonly<Record<string, number>> = { queued: 0, sent: 1 };

function stepFaultOf(
  before: number,
  after: number,
  { id, progress }: ChatEvent & { readonly type: 'message-progress' },
): string | undefined {
  if (after < before) return `${id} went back to ${progress.state}`;
  return before === 2 ? `${id} was settled twice, the second time as ${progress.state}` : undefined;
}

/** Ids that were queued once more, as often as they were. */
function resendsOf({ disk }: SimulatedNode): { delete(id: string): boolean } {
  const counts = new Map<string, number>();
  for (const change of new Set(disk.changes))
    if (change.type === 'outbox-put') counts.set(change.row.id, (counts.get(change.row.id) ?? 0) + 1);
  return {
    delete: (id) => {
      const left = (counts.get(id) ?? 0) - 1;
      counts.set(id, left);
      return left > 0;
    },
  };
}

function wayFaultOf(
  from: SimulatedNode,
  to: SimulatedNode,
  isCertain: boolean,
  wentBackAt: number | undefined,
): string | undefined {
  const arrived = to.disk.incoming().flatMap((each) => (each.from === from.name ? [each.row.id] : []));
  const stored = new Set(arrived);
  const { queued, withdrawn, settled } = outgoing(from, to.name);
  const beyondRepair = wentBackAt === undefined ? undefined : settledLongBefore(from, to.name, wentBackAt);
  for (const id of queued) {
    // Withdrawn in the life that was forgotten: the receiver knows it as such.
    if (!isCertain && wasPassed(to, from.name, id)) continue;
    // Its sender has it and may be told to send it once more; by itself it does not.
    if (beyondRepair?.has(id) === true) continue;
    if (!stored.has(id) && !withdrawn.has(id))
      return settled.has(id) ? `${id} was acked and is not there` : `${id} was queued and is not there`;
    if (isCertain && stored.has(id) && withdrawn.has(id)) return `${id} was given up and is there`;
  }
  if (!isCertain) return undefined;
  const expected = queued.filter((id) => stored.has(id));
  return expected.join() === arrived.join() ? undefined : 'not in the order in which it was queued';
}

function wasPassed({ disk }: SimulatedNode, peer: string, id: string): boolean {
  return disk.changes.some(
    (change) => change.type === 'inbox-pass' && change.peer === peer && change.id === id,
  );
}

/**
 * What the peer acked, then more than it is sent again by itself, and then went back to an older state. Withdrawn messages count:
 * they are settled as all others are. What was settled once more later is none of these.
 */
function settledLongBefore({ disk }: SimulatedNode, to: string, wentBackAt: number): ReadonlySet<string> {
  const unsettled: { readonly id: string; readonly seq: number }[] = [];
  const settled: { readonly id: string; readonly atWall: number }[] = [];
  // Nobody has another numbering here than at first: only who went back begins one.
  for (const change of new Set(disk.changes)) {
    if (!('peer' in change) || change.peer !== to) continue;
    if (change.type === 'outbox-put') unsettled.push(change.row);
    if (change.type !== 'outbox-settle') continue;
    const count = unsettled.filter(({ seq }) => seq <= change.seq).length;
    for (const { id } of unsettled.splice(0, count)) settled.push({ id, atWall: change.atWall });
  }
  const before = settled.filter(({ atWall }) => atWall <= wentBackAt).length;
  const ids = settled.map(({ id }) => id);
  const cut = Math.max(0, before - REPAIRED_MAX);
  const others = new Set(ids.slice(cut));
  return new Set(ids.slice(0, cut).filter((id) => !others.has(id)));
}

/** What the sender's disk says of one contact, by its changes alone. */
function outgoing(
  { disk }: SimulatedNode,
  to: string,
): {
  readonly queued: readonly string[];
  readonly withdrawn: ReadonlySet<string>;
  readonly settled: ReadonlySet<string>;
} {
  const [queued, withdrawn, settled] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let unsettled: { readonly id: string; readonly seq: number; isVoid: boolean }[] = [];
  const withdraw = (each: (typeof unsettled)[number]): void => {
    each.isVoid = true;
    // What was delivered before, and is only sent once more, stays delivered.
    if (!settled.has(each.id)) withdrawn.add(each.id);
  };
  // What was given twice, because the first commit seemed to fail, is the same object.
  for (const change of new Set(disk.changes)) {
    if (!('peer' in change) || change.peer !== to) continue;
    switch (change.type) {
      case 'outbox-put':
        queued.add(change.row.id);
        unsettled.push({ id: change.row.id, seq: change.row.seq, isVoid: false });
        break;
      case 'outbox-void':
        for (const each of unsettled) if (each.seq === change.seq && each.id === change.id) withdraw(each);
        break;
      case 'outbox-void-range':
        for (const each of unsettled) if (each.seq >= change.first && each.seq <= change.last) withdraw(each);
        break;
      case 'outbox-settle':
        for (const { id, seq, isVoid } of unsettled) if (seq <= change.seq && !isVoid) settled.add(id);
        unsettled = unsettled.filter(({ seq }) => seq > change.seq);
        break;
      case 'outbox-epoch':
        unsettled = unsettled
          .filter(({ isVoid }) => !isVoid)
          .map(({ id }, index) => ({ id, seq: index + 1, isVoid: false }));
        break;
      default:
        break;
    }
  }
  return { queued: [...queued], withdrawn, settled };
}
