import type { PairMetric } from '../api/types'

/**
 * The numbers of a group at a moment: a value of each metric for each source and destination, row by row. NaN is what was not
 * measured; durations are nanoseconds, truth is 1 and 0. Arrays are replaced or filled by whoever loads them, and read by all others:
 * a change shows as another object with another `version`.
 */
export interface MatrixData {
  group: string
  /** The octet; null for all classes together. */
  class: number | null
  classes: number[]
  sources: string[]
  destinations: string[]
  metrics: Map<PairMetric, Float32Array>
  /** For colouring by `baseline`: the median of the 24 h before; null while it is not loaded. */
  baseline: Float32Array | null
  /** The moment that is shown, by the server's clock, in milliseconds since the Unix epoch. */
  at: number
  isLive: boolean
  version: number
  /** The version with which each source's row last changed; without it, any row may have changed with each version. */
  changedAt?: Int32Array
}

/** What a cell says besides its colour. A cell without Measured is blank, and not zero. */
export const mark = { measured: 1, loss: 2, stale: 4, suspect: 8, self: 16 } as const

/** A row or a column: a probe, or a fold of those with the same tags. */
export interface Line {
  /** The same for the same line as long as it exists; unique among rows, and among columns. */
  key: string
  label: string
  /** 0 for the outermost. */
  depth: number
  kind: 'probe' | 'fold'
  isOpen: boolean
  /** How many probes are in it. */
  count: number
  /** Places in MatrixData.sources or .destinations: one for a probe, all of a fold for a fold. */
  members: Int32Array
}

/** What is drawn: rows by columns, each cell with the worst pair of those that are folded into it. */
export interface CellGrid {
  rows: Line[]
  columns: Line[]
  /** What cells are coloured by; NaN where it was not measured. */
  values: Float32Array
  /** Bits of `mark`. */
  marks: Uint8Array
  /** Which pair the cell shows: source place × destinations + destination place; -1 where there is none. */
  pairs: Int32Array
  version: number
}

/** Colours of a metric: steps with thresholds, which the legend shows. */
export interface Scale {
  title: string
  /** Upper bounds, ascending: step i holds values up to bounds[i] inclusive; the last step has none. */
  bounds: number[]
  /** One more than bounds: colours as #rrggbb, in the order of the steps. */
  colours: string[]
  /** The same, for text on top of them. */
  inks: string[]
  /** What each step is called in the legend. */
  labels: string[]
  /** A value as text; short enough for a cell. */
  text(value: number): string
}

/** The step of a value; -1 for NaN. */
export function stepOf(scale: Scale, value: number): number {
  if (Number.isNaN(value)) return -1
  const bounds = scale.bounds
  let step = 0
  while (step < bounds.length && value > bounds[step]!) step++
  return step
}

/** What the matrix tells its page about a cell; the test hook answers the same. */
export interface CellView {
  row: number
  column: number
  source: string
  destination: string
  /** In CSS pixels from the canvas's top left corner. */
  x: number
  y: number
  width: number
  height: number
  value: number
  marks: number
  /** #rrggbb as painted, before marks. */
  colour: string
}
