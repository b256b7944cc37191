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

/** Of probes by name; those that are not there have none. */
export type Tags = ReadonlyMap<string, { readonly tags: Readonly<Record<string, string>> }>

/** The ways in which names can be put together: by name, and by each tag that some of them share and others do not. */
export function partitionsOf(sources: string[], destinations: string[], tags: Tags): Partition[] {
  const names = [...new Set([...sources, ...destinations])]
  const keys = new Map<string, Map<string, number>>()
  for (const name of names)
    for (const [key, value] of Object.entries(tags.get(name)?.tags ?? {})) {
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
    ...useful.map(([tag, counts]) => partition(tag, [...counts.keys()], (name) => own(tags.get(name)?.tags, tag))),
  ]
}

function own(tags: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return tags && Object.hasOwn(tags, key) ? tags[key] : undefined
}

/**
 * Goes through the pairs of an area, row by row: where is 1 for those from the one end to the other, 2 for those back, as `either` and
 * `between` have them, 3 for those that are both.
 */
export function visit(
  { kind, partition: { ofSource, ofDestination }, a, b }: Area,
  see: (row: number, column: number, where: number) => void,
): void {
  const columns = (place: number) => [...ofDestination.keys()].filter((column) => ofDestination[column] === place)
  const toA = columns(a)
  const toB = columns(b)
  for (let row = 0; row < ofSource.length; row++) {
    const place = ofSource[row]!
    if (kind === 'destination') for (const column of toB) see(row, column, 1)
    else if (kind === 'either' && place !== a) for (const column of toA) see(row, column, 2)
    else if (kind === 'between' && place === b) for (const column of toA) see(row, column, 2)
    else if (place !== a) continue
    else if (kind === 'source') for (const column of ofDestination.keys()) see(row, column, 1)
    else if (kind === 'either') for (const column of ofDestination.keys()) see(row, column, ofDestination[column] === a ? 3 : 1)
    else for (const column of toB) see(row, column, 1)
  }
}

/** Weights of pairs, and their sums over rows, columns and blocks. */
export class Field {
  /** What is left of it; NaN for those that do not count. */
  readonly weights: Float32Array
  private readonly names: Lines
  private readonly tags: Blocks[]
  private readonly heavy: number[] = []

  /** Weights row by row, and the ways to put rows and columns together, that of the names first. */
  constructor(weights: Float32Array, [names, ...tags]: Partition[]) {
    this.weights = weights.slice()
    this.names = new Lines(names!)
    this.tags = tags.map((partition) => new Blocks(partition))
    const all = [this.names, ...this.tags]
    const columns = names!.ofDestination.length
    for (const sums of all) sums.addAll(weights, columns)
    for (let i = 0; i < weights.length; i++) if (weights[i]! > 0) this.heavy.push(i)
  }

  /**
   * The area that stands out most; null when what there is may as well be chance. Areas are judged by how unlikely it is that as much of
   * the weight falls into as few pairs; the bar is raised by how many areas there are to choose from.
   */
  scan(): Area | null {
    const { partition } = this.names
    const best = new Best(this.names.total())
    this.names.offer(best)
    let heaviest = -1
    for (const i of this.heavy) if (this.weights[i]! > (this.weights[heaviest] ?? 0)) heaviest = i
    if (heaviest < 0) return null
    const columns = partition.ofDestination.length
    const a = partition.ofSource[Math.floor(heaviest / columns)]!
    const b = partition.ofDestination[heaviest % columns]!
    best.offerOneOfAll({ kind: 'pair', partition, a, b }, { weight: this.weights[heaviest]!, pairs: 1, heavy: 1 })
    for (const blocks of this.tags) blocks.offer(best)
    return best.area
  }

  /** Takes an area's pairs out, as if they had not been measured. */
  remove(area: Area): void {
    const columns = this.names.partition.ofDestination.length
    visit(area, (row, column) => {
      const i = row * columns + column
      const weight = this.weights[i]!
      if (Number.isNaN(weight)) return
      this.weights[i] = NaN
      this.names.take(row, column, weight)
      for (const blocks of this.tags) blocks.take(row, column, weight)
    })
  }
}

/** Sums of each source and each destination. */
class Lines {
  private readonly sent: Sums
  private readonly reached: Sums

  constructor(readonly partition: Partition) {
    this.sent = new Sums(partition.values.length)
    this.reached = new Sums(partition.values.length)
  }

  addAll(weights: Float32Array, columns: number): void {
    const { ofSource, ofDestination } = this.partition
    for (let row = 0, i = 0; row < ofSource.length; row++)
      for (let column = 0; column < columns; column++, i++) {
        const weight = weights[i]!
        if (Number.isNaN(weight)) continue
        this.sent.add(ofSource[row]!, weight)
        this.reached.add(ofDestination[column]!, weight)
      }
  }

  take(row: number, column: number, weight: number): void {
    this.sent.take(this.partition.ofSource[row]!, weight)
    this.reached.take(this.partition.ofDestination[column]!, weight)
  }

  total(): Sum {
    return this.sent.total()
  }

  offer(best: Best): void {
    const { partition, sent, reached } = this
    for (let place = 0; place < partition.values.length; place++) {
      best.offer({ kind: 'destination', partition, a: -1, b: place }, reached.at(place))
      best.offer({ kind: 'source', partition, a: place, b: -1 }, sent.at(place))
      best.offer({ kind: 'either', partition, a: place, b: -1 }, plus(sent.at(place), reached.at(place)))
    }
  }
}

/** Sums of each value of a tag with each other; those without the tag are together behind the last. */
class Blocks {
  private readonly wide: number
  private readonly sums: Sums

  constructor(private readonly partition: Partition) {
    this.wide = partition.values.length + 1
    this.sums = new Sums(this.wide * this.wide)
  }

  addAll(weights: Float32Array, columns: number): void {
    const rows = this.partition.ofSource.length
    for (let row = 0, i = 0; row < rows; row++)
      for (let column = 0; column < columns; column++, i++) {
        const weight = weights[i]!
        if (!Number.isNaN(weight)) this.sums.add(this.place(row, column), weight)
      }
  }

  take(row: number, column: number, weight: number): void {
    this.sums.take(this.place(row, column), weight)
  }

  offer(best: Best): void {
    const { partition, sums, wide } = this
    for (let a = 0; a < wide - 1; a++) {
      let sent = nothing
      let reached = nothing
      for (let b = 0; b < wide; b++) {
        sent = plus(sent, sums.at(a * wide + b))
        reached = plus(reached, sums.at(b * wide + a))
      }
      const inner = sums.at(a * wide + a)
      best.offer({ kind: 'destination', partition, a: -1, b: a }, reached)
      best.offer({ kind: 'source', partition, a, b: -1 }, sent)
      best.offer({ kind: 'either', partition, a, b: -1 }, plus(sent, reached, inner))
      best.offer({ kind: 'block', partition, a, b: a }, inner)
      for (let b = a + 1; b < wide - 1; b++) {
        const there = sums.at(a * wide + b)
        const back = sums.at(b * wide + a)
        best.offer({ kind: 'block', partition, a, b }, there)
        best.offer({ kind: 'block', partition, a: b, b: a }, back)
        best.offer({ kind: 'between', partition, a, b }, plus(there, back))
      }
    }
  }

  private place(row: number, column: number): number {
    const source = this.partition.ofSource[row]!
    const destination = this.partition.ofDestination[column]!
    return (source < 0 ? this.wide - 1 : source) * this.wide + (destination < 0 ? this.wide - 1 : destination)
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

  take(place: number, weight: number): void {
    this.weight[place]! -= weight
    this.pairs[place]! -= 1
    if (weight > 0) this.heavy[place]! -= 1
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
  private tried = 0
  private likeliest: Scored = nobody
  private wholeLine: Scored = nobody

  constructor(private readonly all: Sum) {}

  /** In a mesh of few probes hardly anything is too much for chance; a probe that loses with all others is told of all the same. */
  get area(): Area | null {
    return this.likeliest.score > Math.log(this.tried) ? this.likeliest.area : this.wholeLine.area
  }

  offer(area: Area, sum: Sum): void {
    this.tried++
    if (sum.heavy < 2) return
    const score = this.likelihood(sum)
    this.likeliest = better(this.likeliest, area, score)
    const isWholeLine = area.partition.tag === null && sum.heavy === sum.pairs && sum.pairs > 2
    if (isWholeLine) this.wholeLine = better(this.wholeLine, area, score)
  }

  /** Offers the heaviest pair, on behalf of all of them. */
  offerOneOfAll(area: Area, sum: Sum): void {
    this.tried += this.all.pairs
    this.likeliest = better(this.likeliest, area, this.likelihood(sum))
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

interface Scored {
  area: Area | null
  score: number
}

const nobody: Scored = { area: null, score: 0 }

/** Of areas that are the same but in name, the first is the plainest. */
function better(best: Scored, area: Area, score: number): Scored {
  return score > best.score + 1e-9 ? { area, score } : best
}
