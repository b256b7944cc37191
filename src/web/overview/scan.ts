// Where in a matrix weight is denser than elsewhere: Kulldorff's scan statistic over rows, columns, and blocks of those with the same label.

/** Probes by a label: their own name, or the value of a tag. */
export interface Partition {
  /** null where the label is the name. */
  tag: string | null
  values: string[]
  /** Place in values of each source and destination; -1 for those without. */
  ofSource: Int32Array
  ofDestination: Int32Array
}

/** Weights of pairs, row by row; NaN for those that do not count. */
export interface Field {
  rows: number
  columns: number
  weights: Float32Array
  /** The first is that of the names. */
  partitions: Partition[]
}

export type AreaKind = 'source' | 'destination' | 'either' | 'block' | 'between' | 'pair'

/**
 * Pairs with something in common: from rows to columns, and for `either` and `between` also those back. `a` and `b` are places in the
 * partition's values, of the label at the one end and at the other; -1 where it does not matter.
 */
export interface Area {
  kind: AreaKind
  partition: Partition
  a: number
  b: number
}

/** Weight in an area has to be this much denser than elsewhere to count. */
const leastLift = 3

/** Tags with more values than this say little, and cost much. */
const mostValues = 256
const mostTags = 16

type Tags = ReadonlyMap<string, Readonly<Record<string, string>>>

/** The ways in which names can be put together: by name, and by each tag that some of them share and others do not. */
export function partitionsOf(sources: string[], destinations: string[], tags: Tags): Partition[] {
  const names = [...new Set([...sources, ...destinations])]
  const keys = new Map<string, Map<string, number>>()
  for (const name of names)
    for (const [key, value] of Object.entries(tags.get(name) ?? {})) {
      let counts = keys.get(key)
      if (!counts) keys.set(key, (counts = new Map()))
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
  const useful = [...keys]
    .filter(([, counts]) => counts.size > 1 && counts.size <= mostValues && [...counts.values()].some((count) => count > 1))
    .sort(([a, x], [b, y]) => x.size - y.size || (a < b ? -1 : 1))
    .slice(0, mostTags)
  const partition = (tag: string | null, values: string[], label: (name: string) => string | undefined): Partition => {
    const places = new Map(values.map((value, place) => [value, place]))
    const place = (name: string) => {
      const value = label(name)
      return value === undefined ? -1 : places.get(value)!
    }
    return { tag, values, ofSource: Int32Array.from(sources, place), ofDestination: Int32Array.from(destinations, place) }
  }
  return [
    partition(null, names, (name) => name),
    ...useful.map(([tag, counts]) => partition(tag, [...counts.keys()], (name) => own(tags.get(name), tag))),
  ]
}

function own(tags: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return tags && Object.hasOwn(tags, key) ? tags[key] : undefined
}

/** Whether a pair is in an area: 1 from rows to columns, 2 on the way back of a mirrored one, 3 both, 0 neither. */
export function isIn({ kind, partition: { ofSource, ofDestination }, a, b }: Area, row: number, column: number): number {
  const source = ofSource[row]!
  const destination = ofDestination[column]!
  switch (kind) {
    case 'source':
      return source === a ? 1 : 0
    case 'destination':
      return destination === b ? 1 : 0
    case 'either':
      return (source === a ? 1 : 0) | (destination === a ? 2 : 0)
    case 'between':
      return (source === a && destination === b ? 1 : 0) | (source === b && destination === a ? 2 : 0)
    default:
      return source === a && destination === b ? 1 : 0
  }
}

/**
 * The area that stands out most; null when what there is may as well be chance. Areas are judged by how unlikely it is that as much of the
 * weight falls into as few pairs; the bar is raised by how many areas there are to choose from.
 */
export function scan(field: Field): Area | null {
  const { rows, columns, weights, partitions } = field
  const [names, ...labels] = partitions as [Partition, ...Partition[]]
  const byRow = new Sums(rows)
  const byColumn = new Sums(columns)
  let heaviest = -1
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const weight = weights[i]!
      if (Number.isNaN(weight)) continue
      byRow.add(row, weight)
      byColumn.add(column, weight)
      if (weight > 0 && (heaviest < 0 || weight > weights[heaviest]!)) heaviest = i
    }
  }
  const all = byRow.total()
  if (heaviest < 0) return null

  const best = new Best(all)
  const count = names.values.length
  const sent = new Sums(count)
  const reached = new Sums(count)
  names.ofSource.forEach((place, row) => sent.take(place, byRow, row))
  names.ofDestination.forEach((place, column) => reached.take(place, byColumn, column))
  for (let place = 0; place < count; place++) {
    best.offer('destination', names, -1, place, reached.at(place))
    best.offer('source', names, place, -1, sent.at(place))
    best.offer('either', names, place, -1, plus(sent.at(place), reached.at(place)))
  }
  const row = Math.floor(heaviest / columns)
  const pair = { weight: weights[heaviest]!, pairs: 1, heavy: 1 }
  best.offer('pair', names, names.ofSource[row]!, names.ofDestination[heaviest % columns]!, pair)
  best.tried += all.pairs

  for (const partition of labels) offerBlocks(best, partition, field)
  return best.area
}

/** Takes an area's pairs out of the field, as if they had not been measured. */
export function remove(field: Field, area: Area): void {
  for (let row = 0, i = 0; row < field.rows; row++)
    for (let column = 0; column < field.columns; column++, i++) if (isIn(area, row, column)) field.weights[i] = NaN
}

function offerBlocks(best: Best, partition: Partition, { rows, columns, weights }: Field): void {
  const { ofSource, ofDestination, values } = partition
  const count = values.length
  // Those without the tag are in the sums of whole rows and columns, as value `count`.
  const wide = count + 1
  const blocks = new Sums(wide * wide)
  for (let row = 0, i = 0; row < rows; row++) {
    const base = (ofSource[row]! < 0 ? count : ofSource[row]!) * wide
    for (let column = 0; column < columns; column++, i++) {
      const weight = weights[i]!
      if (Number.isNaN(weight)) continue
      const place = ofDestination[column]!
      blocks.add(base + (place < 0 ? count : place), weight)
    }
  }
  for (let a = 0; a < count; a++) {
    let sent = nothing
    let reached = nothing
    for (let b = 0; b < wide; b++) {
      sent = plus(sent, blocks.at(a * wide + b))
      reached = plus(reached, blocks.at(b * wide + a))
    }
    const inner = blocks.at(a * wide + a)
    best.offer('destination', partition, -1, a, reached)
    best.offer('source', partition, a, -1, sent)
    best.offer('either', partition, a, -1, plus(sent, reached, inner))
    best.offer('block', partition, a, a, inner)
    for (let b = a + 1; b < count; b++) {
      const there = blocks.at(a * wide + b)
      const back = blocks.at(b * wide + a)
      best.offer('block', partition, a, b, there)
      best.offer('block', partition, b, a, back)
      best.offer('between', partition, a, b, plus(there, back))
    }
  }
}

/** What some pairs have together; `heavy` are those of them with any weight. */
interface Sum {
  weight: number
  pairs: number
  heavy: number
}

const nothing: Sum = { weight: 0, pairs: 0, heavy: 0 }

/** a and b, less what is in both. */
function plus(a: Sum, b: Sum, both = nothing): Sum {
  return {
    weight: a.weight + b.weight - both.weight,
    pairs: a.pairs + b.pairs - both.pairs,
    heavy: a.heavy + b.heavy - both.heavy,
  }
}

class Sums {
  private readonly weight: Float64Array
  private readonly pairs: Float64Array
  private readonly heavy: Float64Array

  constructor(private readonly length: number) {
    this.weight = new Float64Array(length)
    this.pairs = new Float64Array(length)
    this.heavy = new Float64Array(length)
  }

  add(place: number, weight: number): void {
    this.weight[place]! += weight
    this.pairs[place]! += 1
    if (weight > 0) this.heavy[place]! += 1
  }

  take(place: number, from: Sums, other: number): void {
    this.weight[place]! += from.weight[other]!
    this.pairs[place]! += from.pairs[other]!
    this.heavy[place]! += from.heavy[other]!
  }

  at(place: number): Sum {
    return { weight: this.weight[place]!, pairs: this.pairs[place]!, heavy: this.heavy[place]! }
  }

  total(): Sum {
    let sum = nothing
    for (let place = 0; place < this.length; place++) sum = plus(sum, this.at(place))
    return sum
  }
}

/** The best area offered so far. */
class Best {
  tried = 0
  private score = 0
  private found: Area | null = null

  constructor(private readonly all: Sum) {}

  get area(): Area | null {
    return this.score > Math.log(this.tried) ? this.found : null
  }

  offer(kind: AreaKind, partition: Partition, a: number, b: number, sum: Sum): void {
    this.tried++
    if (sum.heavy < 2 && kind !== 'pair') return
    const score = this.likelihood(sum)
    // Of areas that are the same but in name, the first is the plainest.
    if (score > this.score + 1e-9) {
      this.score = score
      this.found = { kind, partition, a, b }
    }
  }

  /** Logarithm of how much likelier the weights are if the area has a density of its own, as a Poisson process that counts lossy pairs. */
  private likelihood({ weight, pairs }: Sum): number {
    const { all } = this
    if (pairs === 0 || pairs >= all.pairs || weight <= 0) return 0
    const rest = Math.max(0, all.weight - weight)
    if (weight / pairs < (leastLift * rest) / (all.pairs - pairs)) return 0
    const unit = all.heavy / all.weight
    const share = pairs / all.pairs
    const inside = weight * Math.log(weight / (all.weight * share))
    const outside = rest > all.weight * 1e-9 ? rest * Math.log(rest / (all.weight * (1 - share))) : 0
    return unit * (inside + outside)
  }
}
