import type { FlowsAnswer, MatrixAnswer, PairMetric, SeriesAnswer, Value } from '../api/types'

export const trackMetrics = [
  'loss',
  'loss_forward',
  'loss_reverse',
  'rtt_min',
  'rtt_p50',
  'rtt_p90',
  'rtt_p99',
  'rtt_max',
  'jitter',
  'sent',
  'lost',
  'suspect',
  'forward_ttl',
  'reverse_ttl',
  'forward_tos',
  'reverse_tos',
  'forward_remarked',
  'reverse_remarked',
  'forward_ttl_changes',
] as const satisfies PairMetric[]

export type TrackMetric = (typeof trackMetrics)[number]

/** Numbers over time. Columns have a place for each step; NaN is what was not measured, truth is 1 and 0. */
export interface Track<M extends string = TrackMetric> {
  /** Where steps begin, ascending, in milliseconds since the Unix epoch, and how long they are. */
  at: number[]
  lengths: number[]
  columns: Record<M, number[]>
}

/** What became of datagrams. `there` and `back` are those lost on either way; null where it can't be known of any. */
export interface Tally {
  sent: number
  lost: number
  there: number | null
  back: number | null
}

/** A tally of a pair at a moment, with what else a line of figures wants. */
export interface PairTally extends Tally {
  rttMin: number
  rttP50: number
  rttP90: number
  rttP99: number
  rttMax: number
  jitter: number
  isSuspect: boolean
}

export interface FlowTally extends Tally {
  port: number
}

export type FlowColumn = 'loss' | 'loss_forward' | 'loss_reverse' | 'sent'

/** A flow over time, and how it fared in all of it. */
export interface FlowTrack extends FlowTally {
  track: Track<FlowColumn>
}

/** The series of a pair; null where there is nothing of it. */
export function trackOf(answer: SeriesAnswer, source: string, destination: string): Track | null {
  const series = answer.series.find((each) => each.source === source && each.destination === destination)
  if (!series || series.at_ms.length === 0) return null
  const columns = {} as Track['columns']
  for (const metric of trackMetrics) columns[metric] = numbers(series.metrics[metric], series.at_ms.length)
  return { at: series.at_ms, lengths: series.span_ms ?? series.at_ms.map(() => answer.step_ms), columns }
}

export function flowTracks(answer: FlowsAnswer): FlowTrack[] {
  return answer.flows.map((flow) => {
    const count = flow.at_ms.length
    const columns = {
      loss: numbers(flow.metrics.loss, count),
      loss_forward: numbers(flow.metrics.loss_forward, count),
      loss_reverse: numbers(flow.metrics.loss_reverse, count),
      sent: numbers(flow.metrics.sent, count),
    }
    return {
      port: flow.source_port,
      sent: flow.sent,
      lost: flow.lost,
      there: lostOn(columns.loss_forward, columns.sent),
      back: lostOn(columns.loss_reverse, columns.sent),
      track: { at: flow.at_ms, lengths: flow.span_ms ?? flow.at_ms.map(() => answer.step_ms), columns },
    }
  })
}

/** The cell of a pair; null where nothing was sent. */
export function tallyOf(answer: MatrixAnswer, source: string, destination: string): PairTally | null {
  const row = answer.sources.indexOf(source)
  const column = answer.destinations.indexOf(destination)
  if (row < 0 || column < 0) return null
  const cell = (metric: PairMetric): Value => answer.metrics[metric]?.[row]?.[column] ?? null
  const [sent, lost] = [cell('sent'), cell('lost')]
  if (typeof sent !== 'number' || typeof lost !== 'number' || sent === 0) return null
  const count = (metric: PairMetric) => {
    const value = cell(metric)
    return typeof value === 'number' ? value : null
  }
  const nanos = (metric: PairMetric) => count(metric) ?? NaN
  // Counts of each way are 0 where nothing is known of it; the ratios tell.
  return {
    sent,
    lost,
    there: count('loss_forward') === null ? null : count('lost_forward'),
    back: count('loss_reverse') === null ? null : count('lost_reverse'),
    rttMin: nanos('rtt_min'),
    rttP50: nanos('rtt_p50'),
    rttP90: nanos('rtt_p90'),
    rttP99: nanos('rtt_p99'),
    rttMax: nanos('rtt_max'),
    jitter: nanos('jitter'),
    isSuspect: cell('suspect') === true,
  }
}

export const tallyMetrics = [
  'sent',
  'lost',
  'loss_forward',
  'loss_reverse',
  'lost_forward',
  'lost_reverse',
  'rtt_min',
  'rtt_p50',
  'rtt_p90',
  'rtt_p99',
  'rtt_max',
  'jitter',
  'suspect',
] as const satisfies PairMetric[]

/**
 * Where one flow can't tell which way it loses, the pair as a whole can't. What its other flows know is put in its place: what is
 * lost there and back, at the least.
 */
export function fillWays(track: Track, flows: FlowTrack[]): void {
  const isTold = (step: number) =>
    !Number.isNaN(track.columns.loss_forward[step]!) && !Number.isNaN(track.columns.loss_reverse[step]!)
  track.at.forEach((at, step) => {
    const sent = track.columns.sent[step]!
    if (isTold(step) || !(track.columns.loss[step]! > 0) || !(sent > 0)) return
    const known = { loss_forward: NaN, loss_reverse: NaN }
    for (const { track: flow } of flows) {
      const place = stepAt(flow, at)
      if (place < 0) continue
      for (const way of ['loss_forward', 'loss_reverse'] as const) {
        const lost = flow.columns[way][place]! * flow.columns.sent[place]!
        if (!Number.isNaN(lost)) known[way] = (Number.isNaN(known[way]) ? 0 : known[way]) + lost / sent
      }
    }
    track.columns.loss_forward[step] = known.loss_forward
    track.columns.loss_reverse[step] = known.loss_reverse
  })
}

/** The same for a tally. */
export function filled(tally: PairTally | null, flows: FlowTally[]): PairTally | null {
  if (!tally || tally.lost === 0 || (tally.there !== null && tally.back !== null)) return tally
  const known = flows.reduce<Tally>(add, { sent: 0, lost: 0, there: null, back: null })
  return { ...tally, there: known.there, back: known.back }
}

/** Two tallies together; what one of them does not know is left out. */
export function add(one: Tally, other: Tally): Tally {
  const either = (a: number | null, b: number | null) => (a === null && b === null ? null : (a ?? 0) + (b ?? 0))
  return {
    sent: one.sent + other.sent,
    lost: one.lost + other.lost,
    there: either(one.there, other.there),
    back: either(one.back, other.back),
  }
}

/** The step that holds a time; -1 where none does. */
export function stepAt(track: Pick<Track, 'at' | 'lengths'>, time: number): number {
  let low = 0
  let high = track.at.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (track.at[middle]! <= time) low = middle + 1
    else high = middle
  }
  const step = low - 1
  return step >= 0 && time < track.at[step]! + track.lengths[step]! ? step : -1
}

/** Stretches of a span of which there is nothing. */
export function gapsOf(track: Pick<Track, 'at' | 'lengths'>, from: number, to: number, slackMs: number): [number, number][] {
  const gaps: [number, number][] = []
  let end = from
  for (let step = 0; step <= track.at.length; step++) {
    const begin = track.at[step] ?? to
    if (begin - end > slackMs) gaps.push([end, begin])
    end = Math.max(end, begin + (track.lengths[step] ?? 0))
  }
  return gaps
}

/** Lost of sent; null where nothing was sent. */
export function lossOf(tally: Pick<Tally, 'sent' | 'lost'>): number | null {
  return tally.sent > 0 ? tally.lost / tally.sent : null
}

function lostOn(ratios: number[], sent: number[]): number | null {
  let lost: number | null = null
  ratios.forEach((ratio, step) => {
    if (!Number.isNaN(ratio) && !Number.isNaN(sent[step]!)) lost = (lost ?? 0) + ratio * sent[step]!
  })
  return lost === null ? null : Math.round(lost)
}

function numbers(values: Value[] | undefined, count: number): number[] {
  if (!values) return new Array<number>(count).fill(NaN)
  return values.map((value) => (value === null ? NaN : Number(value)))
}
