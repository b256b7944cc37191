import type { PairMetric } from '../api/types'
import type { MatrixData } from '../matrix/model'
import type { LoadedMatrix, LoadedRow } from './messages'
import { staleAfter } from './stale'

/** Goes by for each that is made, of whatever group. */
let lastVersion = 0

/**
 * The numbers of a matrix while rows come in and time goes by. Ages and staleness follow from when each pair's newest interval ended:
 * a pair that nothing comes of any more gets stale here as it does at the server.
 */
export class LiveNumbers {
  /** End of each pair's newest interval, in seconds since the Unix epoch; NaN where there is none. */
  private readonly ends: Float64Array | null
  /** How long the longest interval is that may be between two results of a pair; null where that is not known. */
  private intervalS: number | null
  private readonly metrics: Map<PairMetric, Float32Array>
  private readonly changedAt: Int32Array
  private readonly changedRows = new Set<number>()
  private baseline: Float32Array | null = null

  /** When the next pair gets stale if nothing comes, in milliseconds since the Unix epoch; infinite when none does. */
  nextStaleAt = Infinity

  constructor(
    private readonly loaded: LoadedMatrix,
    private readonly moment: number | null,
    before: MatrixData | null,
  ) {
    this.metrics = new Map(loaded.metrics)
    this.intervalS = loaded.intervalMs === null ? null : loaded.intervalMs / 1000
    this.changedAt = new Int32Array(loaded.sources.length).fill(lastVersion + 1)
    const ages = moment === null ? this.metrics.get('age') : undefined
    this.ends = ages ? endsOf(ages, loaded.now / 1000) : null
    // Baselines change slowly: that of before serves until the next one is there.
    if (before?.baseline && same(before.sources, loaded.sources) && same(before.destinations, loaded.destinations))
      this.baseline = before.baseline
  }

  /** Where the newest interval of all ends, in milliseconds since the Unix epoch; 0 where there is none. */
  get newestEnd(): number {
    let newest = 0
    for (const end of this.ends ?? []) if (end > newest) newest = end
    return newest * 1000
  }

  /** Takes in new intervals; those older than what is there change nothing. */
  fill(rows: LoadedRow[]): void {
    const width = this.loaded.destinations.length
    const suspect = this.metrics.get('suspect')
    const stale = this.metrics.get('stale')
    for (const row of rows) {
      const start = row.source * width
      if (this.intervalS !== null) this.intervalS = Math.max(this.intervalS, (row.end - row.start) / 1000)
      const end = row.end / 1000
      const arrays = row.metrics.flatMap(([name, values]) => {
        const array = this.metrics.get(name)
        return array ? [{ array, values }] : []
      })
      for (let i = 0; i < row.destinations.length; i++) {
        const at = start + row.destinations[i]!
        if (this.ends && this.ends[at]! > end) continue
        for (const { array, values } of arrays) array[at] = values[i]!
        if (suspect) suspect[at] = row.suspect ? 1 : 0
        if (stale) stale[at] = 0
        if (this.ends) this.ends[at] = end
      }
      this.changedRows.add(row.source)
    }
  }

  /** False where it does not fit, because the matrix has become another one since. */
  setBaseline(values: Float32Array): boolean {
    if (values.length !== this.loaded.sources.length * this.loaded.destinations.length) return false
    this.baseline = values
    this.changedAt.forEach((_, row) => this.changedRows.add(row))
    return true
  }

  /** The numbers at a time of the server's clock: an object of its own, over the same arrays. */
  at(now: number): MatrixData {
    const version = ++lastVersion
    if (this.ends) this.grow(this.ends, now / 1000)
    for (const row of this.changedRows) this.changedAt[row] = version
    this.changedRows.clear()
    return {
      group: this.loaded.group,
      class: this.loaded.class,
      classes: this.loaded.classes,
      sources: this.loaded.sources,
      destinations: this.loaded.destinations,
      metrics: this.metrics,
      baseline: this.baseline,
      at: this.moment ?? now,
      isLive: this.moment === null,
      version,
      changedAt: this.changedAt,
    }
  }

  private grow(ends: Float64Array, nowS: number): void {
    const ages = this.metrics.get('age')
    const stale = this.metrics.get('stale')
    const width = this.loaded.destinations.length
    const limit = this.intervalS === null ? Infinity : staleAfter(this.intervalS)
    let oldest = Infinity
    for (let i = 0; i < ends.length; i++) {
      const end = ends[i]!
      if (Number.isNaN(end)) continue
      const age = Math.max(0, nowS - end)
      if (ages) ages[i] = age
      if (!stale || stale[i] === 1) continue
      if (age > limit) {
        stale[i] = 1
        this.changedRows.add(Math.floor(i / width))
      } else if (end < oldest) {
        oldest = end
      }
    }
    this.nextStaleAt = (oldest + limit) * 1000
  }
}

/** Ends of intervals by their ages. There may be a million: Float64Array.from takes ten times as long. */
function endsOf(ages: Float32Array, nowS: number): Float64Array {
  const ends = new Float64Array(ages.length)
  for (let i = 0; i < ages.length; i++) ends[i] = nowS - ages[i]!
  return ends
}

function same(some: string[], others: string[]): boolean {
  return some.length === others.length && some.every((name, place) => name === others[place])
}
