import type { Group, PairMetric } from '../api/types'
import type { Colouring } from './place'

// What the page and its loader, which is a worker, say to each other.

/** What is to be shown. */
export interface Want {
  /** Goes by with each want; what is told of an earlier one is not wanted any more. */
  turn: number
  /** The document's address. */
  base: string
  token: string
  /** null: the first there is. */
  group: string | null
  class: string | null
  /** Milliseconds since the Unix epoch; null: now, and what comes after. */
  at: number | null
  colouring: Colouring
  /** True where the ways on which datagrams were lost are wanted, however wide the group is. */
  withWays: boolean
}

export type ToLoader =
  | { kind: 'show'; want: Want }
  /** Nothing more, until something is to be shown again. */
  | { kind: 'rest' }
  /** Try again now, where it waits to do so. */
  | { kind: 'retry' }

/** A matrix as it came, as numbers. */
export interface LoadedMatrix {
  group: string
  class: number | null
  classes: number[]
  /** The server's clock when it answered. */
  now: number
  sources: string[]
  destinations: string[]
  metrics: Map<PairMetric, Float32Array>
  /** Of a past moment: the end of the newest interval that was found; null where there was none. */
  newest: number | null
  /** How long the group's intervals are; null where that is not known. */
  intervalMs: number | null
}

/** The new interval of a source. */
export interface LoadedRow {
  source: number
  /** Start and end of the interval, in milliseconds since the Unix epoch. */
  start: number
  end: number
  suspect: boolean
  destinations: Int32Array
  metrics: [PairMetric, Float32Array][]
}

export type LoaderStatus =
  /** New intervals come in. */
  | 'live'
  /** A past moment, as asked for. */
  | 'past'
  /** The server does not answer; what was told is from before. */
  | 'lost'
  /** The server answers that it can't; the problem says why. */
  | 'refused'

export type FromLoader =
  | { kind: 'matrix'; turn: number; matrix: LoadedMatrix; clockOffset: number }
  | { kind: 'rows'; turn: number; rows: LoadedRow[] }
  /** The newest interval of the group that the server has told of ends here. */
  | { kind: 'interval'; turn: number; end: number }
  | { kind: 'baseline'; turn: number; values: Float32Array | null; problem: string | null }
  | { kind: 'status'; turn: number; status: LoaderStatus; problem: string | null; code: number }
  | { kind: 'groups'; turn: number; groups: Group[] }
