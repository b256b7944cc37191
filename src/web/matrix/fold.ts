// From the numbers of pairs to the cells that are shown.

import type { Colouring } from '../state/place'
import type { Badness, Lines } from './order'
import { mark, type CellGrid, type MatrixData } from './model'

/** Percentiles are those of a distribution with 64 buckets for each power of two: medians of the same bucket, or the next, are the same. */
const resolution = 1 / 64

/**
 * What pairs are coloured by; NaN where it was not measured. The loaded array itself where it is one; a difference goes into
 * `room`, where there is enough of it.
 */
export function valuesOf(data: MatrixData, colouring: Colouring, room: Float32Array | null = null): Float32Array {
  const size = data.sources.length * data.destinations.length
  if (colouring !== 'baseline') return data.metrics.get(colouring) ?? nothing(size)
  const now = data.metrics.get('rtt_p50')
  const usual = data.baseline
  if (!now || !usual || usual.length !== size) return nothing(size)
  const difference = room?.length === size ? room : new Float32Array(size)
  for (let pair = 0; pair < size; pair++) {
    const value = now[pair]!
    const less = value - usual[pair]!
    difference[pair] = Math.abs(less) <= value * resolution ? 0 : less
  }
  return difference
}

/** How bad sources and destinations are with each other: the mean of what is shown and not stale. */
export function badnessOf(data: MatrixData, values: Float32Array, lines: Lines): Badness {
  const width = data.destinations.length
  const stale = data.metrics.get('stale')
  const sources = members(lines.rows)
  const destinations = members(lines.columns)
  const badness = {
    sources: new Float64Array(data.sources.length).fill(NaN),
    destinations: new Float64Array(width).fill(NaN),
  }
  const sums = new Float64Array(width)
  const counts = new Int32Array(width)
  for (const source of sources) {
    let sum = 0
    let count = 0
    for (const destination of destinations) {
      const pair = source * width + destination
      const value = values[pair]!
      if (Number.isNaN(value) || stale?.[pair] === 1) continue
      sum += value
      count++
      sums[destination]! += value
      counts[destination]!++
    }
    if (count > 0) badness.sources[source] = sum / count
  }
  for (const destination of destinations) {
    if (counts[destination]! > 0) badness.destinations[destination] = sums[destination]! / counts[destination]!
  }
  return badness
}

/**
 * The cells of rows and columns. One with several pairs shows the worst of those that are not stale, so that nothing red is
 * averaged away; it is marked as lossy when any of them loses, and as stale when all of them are.
 */
export class Folding {
  private grid: CellGrid | null = null
  /** What the grid was made of; while that is the same, only rows that changed are made again. */
  private from: unknown[] = []
  private version = 0
  private turn = 0
  private room: Float32Array | null = null

  fold(data: MatrixData, colouring: Colouring, lines: Lines): CellGrid {
    const values = valuesOf(data, colouring, this.room)
    if (colouring === 'baseline') this.room = values
    const known = data.metrics.get('loss') ?? values
    const stale = data.metrics.get('stale')
    const suspect = data.metrics.get('suspect')
    const from = [data.sources, data.destinations, data.baseline, lines, colouring, values, known, stale, suspect]
    const { rows, columns } = lines
    const isSame = this.grid !== null && from.every((part, i) => part === this.from[i])
    const changedAt = isSame ? data.changedAt : undefined
    const before = isSame && this.grid ? this.grid : blank(lines)
    const grid: CellGrid = { ...before, version: ++this.turn }
    const pairs = new Pairs(data, values, known, stale, suspect, grid)
    const single = Int32Array.from(columns, (column) => (column.members.length === 1 ? column.members[0]! : -1))
    rows.forEach((row, place) => {
      if (changedAt && row.members.every((source) => changedAt[source]! <= this.version)) return
      const source = row.members.length === 1 ? row.members[0]! : -1
      let cell = place * columns.length
      for (let column = 0; column < columns.length; column++, cell++) {
        const destination = single[column]!
        if (source >= 0 && destination >= 0) pairs.showOne(cell, source, destination)
        else pairs.showWorst(cell, row.members, columns[column]!.members)
      }
    })
    this.grid = grid
    this.from = from
    this.version = data.version
    return grid
  }
}

/** Puts pairs into the cells of a grid. */
class Pairs {
  private readonly width: number
  private readonly own: Int32Array

  constructor(
    data: MatrixData,
    private readonly values: Float32Array,
    private readonly known: Float32Array,
    private readonly stale: Float32Array | undefined,
    private readonly suspect: Float32Array | undefined,
    private readonly grid: CellGrid,
  ) {
    this.width = data.destinations.length
    this.own = ownPlaces(data)
  }

  showOne(cell: number, source: number, destination: number): void {
    const pair = source * this.width + destination
    const loss = this.known[pair]!
    let bits = this.own[source] === destination ? mark.self : 0
    let value = NaN
    if (!Number.isNaN(loss)) {
      bits |= mark.measured
      if (loss > 0) bits |= mark.loss
      if (this.stale?.[pair] === 1) bits |= mark.stale
      if (this.suspect?.[pair] === 1) bits |= mark.suspect
      value = this.values[pair]!
    }
    this.grid.pairs[cell] = pair
    this.grid.values[cell] = value
    this.grid.marks[cell] = bits
  }

  showWorst(cell: number, sources: Int32Array, destinations: Int32Array): void {
    const { width, values, known, stale } = this
    let shown = -1
    let worst = NaN
    let isFresh = false
    let loses = false
    for (const source of sources) {
      for (const destination of destinations) {
        const pair = source * width + destination
        const loss = known[pair]!
        if (Number.isNaN(loss)) continue
        const isFreshToo = stale?.[pair] !== 1
        if (isFresh && !isFreshToo) continue
        const value = values[pair]!
        const isFirst = shown < 0 || isFreshToo !== isFresh
        if (isFirst) loses = false
        if (loss > 0) loses = true
        if (isFirst || value > worst || (Number.isNaN(worst) && !Number.isNaN(value))) {
          shown = pair
          worst = value
          isFresh = isFreshToo
        }
      }
    }
    let bits = 0
    if (shown >= 0) {
      bits = mark.measured
      if (loses) bits |= mark.loss
      if (!isFresh) bits |= mark.stale
      if (this.suspect?.[shown] === 1) bits |= mark.suspect
    }
    this.grid.pairs[cell] = shown
    this.grid.values[cell] = worst
    this.grid.marks[cell] = bits
  }
}

function blank(lines: Lines): CellGrid {
  const size = lines.rows.length * lines.columns.length
  return {
    rows: lines.rows,
    columns: lines.columns,
    values: new Float32Array(size).fill(NaN),
    marks: new Uint8Array(size),
    pairs: new Int32Array(size).fill(-1),
    version: 0,
  }
}

/** Where a source stands among the destinations; -1 where it does not. */
function ownPlaces(data: MatrixData): Int32Array {
  const places = new Map(data.destinations.map((name, place) => [name, place]))
  return Int32Array.from(data.sources, (name) => places.get(name) ?? -1)
}

function members(lines: Lines['rows']): Int32Array {
  const all = new Set<number>()
  for (const line of lines) for (const place of line.members) all.add(place)
  return Int32Array.from(all)
}

function nothing(size: number): Float32Array {
  return new Float32Array(size).fill(NaN)
}
