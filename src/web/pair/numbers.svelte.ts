import { ApiError, get } from '../api/client'
import type { FlowsAnswer, Group, GroupsAnswer, HistoryAnswer, MatrixAnswer, SeriesAnswer } from '../api/types'
import type { LossMatrix } from './elsewhere'
import { momentOf, spanOf, type Keeping, type Span } from './span'
import {
  fillWays,
  filled,
  flowTracks,
  tallyMetrics,
  tallyOf,
  trackMetrics,
  trackOf,
  type FlowTally,
  type FlowTrack,
  type PairTally,
  type Track,
} from './track'

/** What is looked at. */
export interface Question {
  /** null: the only one, or the first. */
  group: string | null
  /** A name of a class, or null for the lowest that was measured. */
  class: string | null
  source: string
  destination: string
  hours: number
  /** null is now. */
  at: number | null
}

/** What one probe measured towards the other. */
export interface Side {
  source: string
  destination: string
  /** At the moment; null where nothing was sent. */
  tally: PairTally | null
  flowTallies: FlowTally[]
  /** Over the span; null where there is nothing. */
  track: Track | null
  flows: FlowTrack[]
}

/** All that is shown, of one time. */
export interface PairView {
  group: string
  class: number | null
  classes: number[]
  span: Span
  moment: { from: number; to: number }
  intervalMs: number
  /** From the source to the destination, and the other way round. */
  sides: [Side, Side]
  /** All pairs at the moment; null where the group is so large that its newest intervals have to do. */
  others: LossMatrix | null
  /** When it was asked for, by the server's clock. */
  asOf: number
}

export type PairStatus =
  | 'loading'
  | 'ready'
  /** The server does not answer; the view is from before. */
  | 'lost'
  /** The server keeps no history: there is nothing but its newest matrix. */
  | 'forgetful'
  /** The server answers that it can't. */
  | 'refused'

const retryMs = 5_000
const fastestMs = 2_000
const usualIntervalMs = 10_000
/** Of larger groups not all pairs are asked for. */
const mostProbes = 100

/** The numbers of a pair, both ways: fetched, and as long as one looks at now, kept up to date. */
export class PairNumbers {
  status = $state<PairStatus>('loading')
  /** Why it is lost or refused, in the server's words. */
  problem = $state<string | null>(null)
  view = $state.raw<PairView | null>(null)
  /** True while the view is not that of the place that was asked for last. */
  isBehind = $state(true)

  private nudged: (() => void) | null = null

  /** Begins with a question; what it gives back ends it. */
  follow(question: Question): () => void {
    const control = new AbortController()
    const isSamePair =
      this.view && this.view.sides[0].source === question.source && this.view.sides[0].destination === question.destination
    if (!isSamePair) {
      this.view = null
      this.status = 'loading'
    }
    this.isBehind = true
    void this.run(question, control.signal)
    return () => control.abort()
  }

  /** Tells that there may be something new. */
  nudge(): void {
    this.nudged?.()
  }

  private async run(question: Question, signal: AbortSignal): Promise<void> {
    let desk: Desk | null = null
    while (!signal.aborted) {
      let rest = retryMs
      try {
        desk ??= await Desk.open(question, signal)
        const view = await desk.ask(signal)
        if (signal.aborted) return
        this.view = view
        this.status = 'ready'
        this.problem = null
        this.isBehind = false
        if (!view.span.isRunning) return
        rest = Math.max(view.intervalMs, retryMs)
      } catch (error) {
        if (signal.aborted) return
        const { status, message } = error instanceof ApiError ? error : new ApiError(0, 'The server does not answer.')
        this.problem = message
        if (status === 404 && desk === null) this.status = 'forgetful'
        else this.status = status >= 400 && status < 500 && status !== 429 ? 'refused' : 'lost'
        if (this.status === 'forgetful') return
      }
      await this.pause(rest, signal)
    }
  }

  /** Waits until it is time for the next view, or shortly after a nudge; and as long as nobody looks. */
  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const began = Date.now()
      const end = () => {
        clearTimeout(timer)
        document.removeEventListener('visibilitychange', look)
        signal.removeEventListener('abort', end)
        this.nudged = null
        resolve()
      }
      const due = () => {
        if (!document.hidden || signal.aborted) end()
      }
      const look = () => {
        if (!document.hidden && Date.now() - began >= ms) end()
      }
      let timer = setTimeout(due, ms)
      this.nudged = () => {
        clearTimeout(timer)
        timer = setTimeout(due, Math.max(0, began + fastestMs - Date.now()))
      }
      document.addEventListener('visibilitychange', look)
      signal.addEventListener('abort', end)
    })
  }
}

/** Asks for one pair. Knows the server's clock, and keeps the charts for as long as they would hardly change. */
class Desk {
  private chartsAt = -Infinity
  private charts: Pick<PairView, 'span'> & { tracks: (Track | null)[]; flows: FlowTrack[][] } = {
    span: { from: 0, to: 0, stepMs: 1, isRunning: true },
    tracks: [],
    flows: [],
  }

  private constructor(
    private readonly question: Question,
    private readonly group: string,
    private readonly keeping: Keeping,
    private readonly clockLead: number,
    private readonly isSmall: boolean,
  ) {}

  static async open(question: Question, signal: AbortSignal): Promise<Desk> {
    const history = await get<HistoryAnswer>('api/v2/history', {}, signal)
    const clockLead = Date.parse(history.now) - Date.now()
    const group =
      question.group ??
      (await get<GroupsAnswer>('api/v2/groups', { limit: 1 }, signal)).groups[0]?.name ??
      history.groups[0]?.name
    if (group === undefined) throw new ApiError(400, 'There is no group yet.')
    const found = await get<Group>(`api/v2/groups/${encodeURIComponent(group)}`, {}, signal).catch((error: unknown) => {
      // A group that has left has a history all the same.
      if (error instanceof ApiError && error.status === 404) return null
      throw error
    })
    const intervalMs = found ? found.interval_s * 1000 : usualIntervalMs
    const isSmall = found !== null && found.probes <= mostProbes
    return new Desk(question, group, { intervalMs, levels: history.levels }, clockLead, isSmall)
  }

  async ask(signal: AbortSignal): Promise<PairView> {
    const { source, destination, at, hours } = this.question
    const now = Date.now() + this.clockLead
    const span = spanOf(at, hours, now, this.keeping)
    const moment = momentOf(at, now, span, this.keeping)
    const [matrix, flowsThere, flowsBack, others] = await Promise.all([
      this.get<MatrixAnswer>('matrix', moment, signal, { ...this.both(), metrics: [...tallyMetrics] }),
      this.flows(source, destination, moment, moment.to - moment.from, signal),
      this.flows(destination, source, moment, moment.to - moment.from, signal),
      this.isSmall ? this.get<MatrixAnswer>('matrix', moment, signal, { metrics: ['loss'] }) : null,
      this.refreshCharts(span, now, signal),
    ])
    const side = (from: string, to: string, place: number, flows: FlowTrack[]): Side => ({
      source: from,
      destination: to,
      tally: filled(tallyOf(matrix, from, to), flows),
      flowTallies: flows,
      track: this.charts.tracks[place] ?? null,
      flows: this.charts.flows[place] ?? [],
    })
    return {
      group: matrix.group,
      class: matrix.class,
      classes: matrix.classes,
      span: this.charts.span,
      moment,
      intervalMs: this.keeping.intervalMs,
      sides: [side(source, destination, 0, flowsThere), side(destination, source, 1, flowsBack)],
      others: others && lossMatrix(others),
      asOf: now,
    }
  }

  private async refreshCharts(span: Span, now: number, signal: AbortSignal): Promise<void> {
    if (now - this.chartsAt < Math.min(Math.max(span.stepMs / 2, this.keeping.intervalMs), 60_000)) return
    const { source, destination } = this.question
    const step = `${span.stepMs / 1000}s`
    const [series, flowsThere, flowsBack] = await Promise.all([
      this.get<SeriesAnswer>('series', span, signal, { ...this.both(), step, metrics: [...trackMetrics] }),
      this.flows(source, destination, span, span.stepMs, signal),
      this.flows(destination, source, span, span.stepMs, signal),
    ])
    const tracks = [trackOf(series, source, destination), trackOf(series, destination, source)]
    const flows = [flowsThere, flowsBack]
    tracks.forEach((track, place) => track && fillWays(track, flows[place]!))
    this.charts = { span, tracks, flows }
    this.chartsAt = now
  }

  private async flows(
    source: string,
    destination: string,
    time: { from: number; to: number },
    stepMs: number,
    signal: AbortSignal,
  ) {
    const step = `${Math.max(1, Math.ceil(stepMs / 1000))}s`
    return flowTracks(await this.get<FlowsAnswer>('flows', time, signal, { source, destination, step }))
  }

  private get<T>(
    what: string,
    time: { from: number; to: number },
    signal: AbortSignal,
    parameters: Record<string, string | string[]>,
  ): Promise<T> {
    const [from, to] = [Math.floor(time.from), Math.floor(time.to)]
    return get<T>(`api/v2/${what}`, { group: this.group, class: this.question.class, from, to, ...parameters }, signal)
  }

  /** Selects both ends on both sides. Commas part selectors, and a star stands for any characters: answers are looked through by name. */
  private both(): { source: string[]; destination: string[] } {
    const names = [this.question.source, this.question.destination].map((name) => `name=${name.replaceAll(',', '*')}`)
    return { source: names, destination: names }
  }
}

function lossMatrix({ sources, destinations, metrics }: MatrixAnswer): LossMatrix {
  const loss = (metrics.loss ?? []).flatMap((row) => row.map((value) => (value === null ? NaN : Number(value))))
  return { sources, destinations, loss, stale: null }
}
