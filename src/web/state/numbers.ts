import type { Group, IntervalEvent, MatrixAnswer, PairMetric, Value } from '../api/types'
import type { LoadedMatrix, LoadedRow } from './messages'
import type { Colouring } from './place'

/** Up to how many pairs all metrics that the page shows are loaded, and not only those that it colours by. */
export const narrowPairs = 40_000

/** What an answer has at most. */
const mostValues = 16_000_000

const narrow: PairMetric[] = [
  'loss',
  'rtt_p50',
  'age',
  'suspect',
  'stale',
  'loss_forward',
  'loss_reverse',
  'rtt_p99',
  'jitter',
  'sent',
]

/** The metric that a colouring goes by. */
function metricOf(colouring: Colouring): PairMetric {
  return colouring === 'baseline' ? 'rtt_p50' : colouring
}

/** What is asked for, the most needed first: all for a small group; for a wide one what is drawn, and of the past no more than that. */
export function metricsFor(colouring: Colouring, pairs: number, isPast: boolean, withWays = false): PairMetric[] {
  if (pairs <= narrowPairs) return narrow
  const drawn: PairMetric[] = ['loss', metricOf(colouring), 'stale', 'suspect']
  if (withWays) drawn.push('loss_forward', 'loss_reverse')
  if (!isPast) drawn.push('age', 'rtt_p50')
  return [...new Set(drawn)].slice(0, Math.max(1, Math.floor(mostValues / pairs)))
}

/** Of these, what an interval tells of each pair; the rest follows from its time. */
export function metricsOfIntervals(metrics: PairMetric[]): PairMetric[] {
  return metrics.filter((metric) => metric !== 'age' && metric !== 'stale' && metric !== 'suspect')
}

function toNumber(value: Value): number {
  return value === null ? NaN : Number(value)
}

function toFloats(rows: Value[][], width: number): Float32Array {
  const floats = new Float32Array(rows.length * width)
  for (let i = 0, at = 0; i < rows.length; i++) {
    const row = rows[i]!
    for (let j = 0; j < width; j++) floats[at++] = toNumber(row[j] ?? null)
  }
  return floats
}

export function loadedMatrix(answer: MatrixAnswer, group: Group | undefined): LoadedMatrix {
  const metrics = new Map<PairMetric, Float32Array>()
  for (const [name, rows] of Object.entries(answer.metrics))
    metrics.set(name as PairMetric, toFloats(rows, answer.destinations.length))
  return {
    group: answer.group,
    class: answer.class,
    classes: answer.classes,
    now: Date.parse(answer.now),
    sources: answer.sources,
    destinations: answer.destinations,
    metrics,
    newest: answer.newest ? Date.parse(answer.newest) : null,
    intervalMs: group ? group.interval_s * 1000 : null,
  }
}

/** Which place a name has. */
export type Places = Map<string, number>

export function placesOf(names: string[]): Places {
  return new Map(names.map((name, place) => [name, place]))
}

/** An interval as a row of the matrix; `unknown` is told of names that the matrix does not have. null where there is nothing to show of it. */
export function loadedRow(
  event: IntervalEvent,
  sources: Places,
  destinations: Places,
  unknown: (name: string) => void,
): LoadedRow | null {
  const names = event.destinations ?? []
  if (names.length === 0) return null
  const source = sources.get(event.source)
  if (source === undefined) {
    unknown(event.source)
    return null
  }
  const kept: number[] = []
  const places: number[] = []
  names.forEach((name, place) => {
    const destination = destinations.get(name)
    if (destination === undefined) return unknown(name)
    kept.push(place)
    places.push(destination)
  })
  const metrics = Object.entries(event.metrics ?? {}).map(([name, values]): [PairMetric, Float32Array] => [
    name as PairMetric,
    Float32Array.from(kept, (place) => toNumber(values[place] ?? null)),
  ])
  return {
    source,
    start: Date.parse(event.start),
    end: Date.parse(event.end),
    suspect: event.suspect,
    destinations: Int32Array.from(places),
    metrics,
  }
}

/** Values of one matrix in the places of another's names; NaN where it has none. */
export function aligned(
  values: Float32Array,
  from: { sources: string[]; destinations: string[] },
  to: { sources: string[]; destinations: string[] },
): Float32Array {
  const result = new Float32Array(to.sources.length * to.destinations.length).fill(NaN)
  const rows = placesOf(from.sources)
  const columns = placesOf(from.destinations)
  const columnOf = to.destinations.map((name) => columns.get(name) ?? -1)
  to.sources.forEach((name, i) => {
    const row = rows.get(name)
    if (row === undefined) return
    columnOf.forEach((column, j) => {
      if (column >= 0) result[i * to.destinations.length + j] = values[row * from.destinations.length + column]!
    })
  })
  return result
}
