import { add, lossOf, type FlowTally, type Tally } from './track'

/** Where a pair's datagrams are lost: on the way there, back, on both, or nobody can tell. */
export type Way = 'there' | 'back' | 'both' | 'unknown'

const nearlyAll = 0.9
/** With fewer lost, nothing is said of what they have in common. */
const leastLost = 4

/** The way that loses; null when nothing is lost. */
export function wayOf(tally: Tally): Way | null {
  if (tally.lost === 0) return null
  const there = tally.there ?? 0
  const back = tally.back ?? 0
  const known = there + back
  if (known === 0 || known < tally.lost / 2) return 'unknown'
  if (there >= nearlyAll * known) return 'there'
  if (back >= nearlyAll * known) return 'back'
  return 'both'
}

/**
 * The way that a pair loses, by the flows of both of its directions. Of a flow that gets no reply at all nobody can tell; the others
 * do, unless they hardly lose anything.
 */
export function wayOfPair(there: FlowTally[], back: FlowTally[]): { way: Way | null; silent: number } {
  const turned = back.map((flow) => ({ ...flow, there: flow.back, back: flow.there }))
  const flows = [...there, ...turned].filter((flow) => flow.sent > 0)
  const silent = flows.filter((flow) => flow.lost === flow.sent)
  const heard = flows.filter((flow) => flow.lost < flow.sent).reduce<Tally>(add, { sent: 0, lost: 0, there: null, back: null })
  const way = wayOf(heard)
  const known = (heard.there ?? 0) + (heard.back ?? 0)
  return { way: silent.length > 0 && known < leastLost ? 'unknown' : way, silent: silent.length }
}

/** Which flows lose: each may take another of several equal paths. */
export type FlowVerdict =
  /** Nothing was sent. */
  | { kind: 'nothing' }
  | { kind: 'none'; flows: number }
  /** Too few are lost to tell flows apart. */
  | { kind: 'few'; flows: number; lost: number }
  /** All lose about the same: it is not one path of several. */
  | { kind: 'all'; flows: number; loss: number }
  /** Some lose, or lose far more than the others. */
  | { kind: 'some'; flows: number; bad: FlowTally[]; badLoss: number; restLoss: number }

/**
 * Tells whether loss is spread over all flows or sits in some. A flow stands out when it lost more, or less, than three standard
 * deviations away from what an even spread would have given it.
 */
export function flowVerdict(tallies: FlowTally[]): FlowVerdict {
  const flows = tallies.filter((flow) => flow.sent > 0)
  const all = sum(flows)
  const loss = lossOf(all)
  if (loss === null) return { kind: 'nothing' }
  if (all.lost === 0) return { kind: 'none', flows: flows.length }
  const deviation = (flow: FlowTally) => {
    const expected = flow.sent * loss
    return (flow.lost - expected) / (Math.sqrt(expected * (1 - loss)) + 1 / 3)
  }
  let bad = flows.filter((flow) => deviation(flow) > 3)
  if (bad.length === 0) {
    const spared = flows.filter((flow) => deviation(flow) < -3)
    if (spared.length > 0) bad = flows.filter((flow) => !spared.includes(flow))
  }
  if (bad.length > 0 && bad.length < flows.length) {
    bad.sort((a, b) => lossOf(b)! - lossOf(a)! || a.port - b.port)
    const rest = flows.filter((flow) => !bad.includes(flow))
    return { kind: 'some', flows: flows.length, bad, badLoss: lossOf(sum(bad))!, restLoss: lossOf(sum(rest))! }
  }
  if (all.lost < leastLost) return { kind: 'few', flows: flows.length, lost: all.lost }
  return { kind: 'all', flows: flows.length, loss }
}

function sum(flows: FlowTally[]): Pick<Tally, 'sent' | 'lost'> {
  return flows.reduce((total, flow) => ({ sent: total.sent + flow.sent, lost: total.lost + flow.lost }), { sent: 0, lost: 0 })
}
