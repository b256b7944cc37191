import { wordFor } from '../matrix/filter'
import type { MatrixData } from '../matrix/model'
import { Field, partitionsOf, visit, type Area, type AreaKind, type Partition, type Tags } from './scan'

// What lossy pairs have in common: a probe, a site, two sites; and on which way their datagrams were lost.

/** A probe, or all that have a value of a tag. */
export type End = { probe: string } | { tag: string; value: string }

/**
 * Pairs that lose much more than others. With `destination` alone, they have that in common; with both ends they lead from the one to the
 * other. `either` are pairs with `source` at any of their ends, `between` those from one to the other and back.
 */
export interface Finding {
  kind: AreaKind
  source: End | null
  destination: End | null
  /** How many of its pairs lose. */
  lossy: number
  pairs: number
  /** Mean loss of its pairs. */
  loss: number
  /** Of the sum of what all pairs lose. */
  share: number
  /** Where its datagrams were heading when they were lost, if nearly all of them went the same way. */
  way: { from: End | null; to: End | null } | null
  /** The pair of it that loses most. */
  worst: { source: string; destination: string; loss: number }
}

export interface Findings {
  /** What explains most of the loss comes first. */
  found: Finding[]
  /** Pairs that count: with a result that is not stale; and not suspect, unless most are. */
  pairs: number
  lossy: number
  suspect: number
  stale: number
  /** True when suspect pairs are among those that count, for want of others. */
  isSuspect: boolean
  /** Lossy pairs that are in nothing of what was found. */
  others: number
}

/** How much of the loss has to have gone one way for the way to be named, and of how much of it that has to be known. */
const oneWay = 0.8
const wellKnown = 0.5

/** What explains less of all loss is not told. */
const leastShare = 0.02

/** What explains the loss of a matrix: at most `limit` findings, each of which stands out from what those before it leave. */
export function explain(data: MatrixData, tags: Tags, limit = 4): Findings {
  const { sources, destinations } = data
  const result: Findings = { found: [], pairs: 0, lossy: 0, suspect: 0, stale: 0, isSuspect: false, others: 0 }
  const loss = data.metrics.get('loss')
  if (!loss || loss.length !== sources.length * destinations.length) return result

  const weights = weigh(loss, data, result)
  if (result.lossy === 0) return result
  const field = new Field(weights, partitionsOf(sources, destinations, tags))
  let whole = 0
  for (let i = 0; i < loss.length; i++) if (weights[i]! > 0) whole += loss[i]!
  while (result.found.length < limit) {
    const area = field.scan()
    const finding = area && tell(area, data, loss, weights, whole)
    if (!finding || finding.share < leastShare) break
    field.remove(area)
    result.found.push(finding)
  }
  result.found.sort((a, b) => b.share - a.share)
  for (const weight of field.weights) if (weight > 0) result.others++
  return result
}

/** How much a pair's loss weighs; counts what there is on the way. The root keeps one that loses all from hiding ten that lose little. */
function weigh(loss: Float32Array, { sources, destinations, metrics }: MatrixData, counts: Findings): Float32Array {
  const stale = metrics.get('stale')
  const suspect = metrics.get('suspect')
  const columns = new Map(destinations.map((name, column) => [name, column]))
  const weights = loss.slice()
  for (let row = 0; row < sources.length; row++) {
    const self = columns.get(sources[row]!)
    if (self !== undefined) weights[row * destinations.length + self] = NaN
  }
  for (let i = 0; i < weights.length; i++) {
    if (Number.isNaN(weights[i]!)) continue
    if (stale?.[i]) {
      counts.stale++
      weights[i] = NaN
    } else if (suspect?.[i]) counts.suspect++
    else counts.pairs++
  }
  counts.isSuspect = counts.suspect > counts.pairs
  if (counts.isSuspect) counts.pairs += counts.suspect
  for (let i = 0; i < weights.length; i++) {
    if (!counts.isSuspect && suspect?.[i]) weights[i] = NaN
    const ratio = weights[i]!
    if (ratio > 0) counts.lossy++
    weights[i] = Math.sqrt(ratio)
  }
  return weights
}

function tell(area: Area, data: MatrixData, loss: Float32Array, weights: Float32Array, whole: number): Finding {
  const { sources, destinations, metrics } = data
  const forward = metrics.get('loss_forward')
  const reverse = metrics.get('loss_reverse')
  const sum = { pairs: 0, lossy: 0, loss: 0, known: 0, there: 0, back: 0 }
  let worst = -1
  visit(area, (row, column, where) => {
    const i = row * destinations.length + column
    if (Number.isNaN(weights[i]!)) return
    const ratio = loss[i]!
    sum.pairs++
    sum.loss += ratio
    if (ratio > 0) sum.lossy++
    if (worst < 0 || ratio > loss[worst]!) worst = i
    const out = forward?.[i] ?? NaN
    const home = reverse?.[i] ?? NaN
    if (where === 3 || Number.isNaN(out + home)) return
    sum.known += out + home
    sum.there += where === 1 ? out : home
    sum.back += where === 1 ? home : out
  })
  const source = end(area.partition, area.a, sources, destinations)
  const destination = end(area.partition, area.b, sources, destinations)
  const isKnown = sum.known > 0 && sum.known >= sum.loss * wellKnown
  const way =
    isKnown && sum.there >= sum.known * oneWay
      ? { from: source, to: destination }
      : isKnown && sum.back >= sum.known * oneWay
        ? { from: destination, to: source }
        : null
  return {
    kind: area.kind,
    source,
    destination,
    lossy: sum.lossy,
    pairs: sum.pairs,
    loss: sum.loss / sum.pairs,
    share: sum.loss / whole,
    way,
    worst: {
      source: sources[Math.floor(worst / destinations.length)]!,
      destination: destinations[worst % destinations.length]!,
      loss: loss[worst]!,
    },
  }
}

/** An end by its plainest name: what one probe alone has in common is that probe. */
function end(
  { tag, values, ofSource, ofDestination }: Partition,
  place: number,
  sources: string[],
  destinations: string[],
): End | null {
  if (place < 0) return null
  if (tag === null) return { probe: values[place]! }
  const members = new Set([
    ...sources.filter((_, row) => ofSource[row] === place),
    ...destinations.filter((_, column) => ofDestination[column] === place),
  ])
  const [only] = members
  return members.size === 1 && only !== undefined ? { probe: only } : { tag, value: values[place]! }
}

/** The words of the matrix' filter that leave the pairs of a finding; empty where there are no such words. */
export function filterFor({ kind, source, destination }: Finding): string {
  if (kind === 'either' || kind === 'between') return ''
  const word = (end: End) => ('probe' in end ? wordFor(end.probe) : `${wordFor(end.tag)}=${wordFor(end.value)}`)
  return [source && `from:${word(source)}`, destination && `to:${word(destination)}`].filter(Boolean).join(' ')
}
