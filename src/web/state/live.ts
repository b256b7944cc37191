import { ApiError, ask, pathWith } from '../api/ask'
import { EventStream, type StreamEvent } from '../api/stream'
import type { Group, IntervalEvent, MatrixAnswer, PairMetric } from '../api/types'
import type { LoadedMatrix, LoadedRow, LoaderStatus, Want } from './messages'
import { loadedMatrix, loadedRow, metricsOfIntervals, narrowPairs, placesOf, type Places } from './numbers'
import { pause, question } from './question'

/** Whom a live matrix tells what. */
export interface LiveListener {
  matrix(matrix: LoadedMatrix): void
  rows(rows: LoadedRow[], newestEnd: number): void
  status(status: LoaderStatus, error: ApiError | null): void
}

const withoutStreamMs = 1500
const againMs = 5000
const shortestSpacingMs = 500
const longestSpacingMs = 10_000
const flushMs = 200
const flushWideMs = 1000

/**
 * The newest matrix of a group: asked for once the stream of new intervals is open, so that nothing is missed between the two, then
 * kept up to date row by row. It is asked for again where rows are not enough: after a gap, after the connection broke, for names
 * that it does not have. Whether the server is lost is settled by that question, and not by the stream: a proxy may cut streams off.
 */
export class Live {
  private readonly stopping = new AbortController()
  private readonly stream: EventStream
  private matrix: LoadedMatrix | null = null
  private sources: Places = new Map()
  private destinations: Places = new Map()
  private entityTag = ''
  private leavesOut = false
  private isWanted = false
  private isAsking = false
  private earliestAsk = 0
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private flushTimer: ReturnType<typeof setTimeout> | undefined
  private readonly startTimer: ReturnType<typeof setTimeout>
  private pending: LoadedRow[] = []
  private newestEnd = 0
  private readonly hopeless = new Set<string>()
  /** What came since the last question was asked: its answer may not have it. */
  private sinceAsking: IntervalEvent[] = []

  constructor(
    private readonly want: Pick<Want, 'base' | 'token' | 'class'>,
    private readonly groupName: string,
    private readonly group: () => Group | undefined,
    readonly metrics: PairMetric[],
    private readonly listener: LiveListener,
  ) {
    this.stream = new EventStream((lastId, signal) => this.connect(lastId, signal), {
      opened: () => this.ask(),
      event: (event) => this.take(event),
      failed: (error, isSilent) => {
        if (isSilent) this.listener.status('lost', error)
        this.ask()
      },
    })
    this.startTimer = setTimeout(() => this.ask(), withoutStreamMs)
  }

  /** What there is at present, by its names. */
  get shown(): LoadedMatrix | null {
    return this.matrix
  }

  stop(): void {
    this.stopping.abort()
    this.stream.stop()
    clearTimeout(this.startTimer)
    clearTimeout(this.retryTimer)
    clearTimeout(this.flushTimer)
  }

  /** Tries again now. */
  retry(): void {
    this.stream.retry()
    this.earliestAsk = 0
    this.ask()
  }

  /** Asks for the whole matrix again, such as when members have come or gone. */
  refresh(): void {
    this.hopeless.clear()
    this.ask()
  }

  /** True where classes are put together, which intervals do not tell. */
  private get isOfAllClasses(): boolean {
    return this.want.class === 'all'
  }

  private connect(lastId: string, signal: AbortSignal): Promise<Response> {
    const parameters = this.isOfAllClasses
      ? { group: this.groupName }
      : { group: this.groupName, class: this.want.class, metrics: metricsOfIntervals(this.metrics) }
    const headers: Record<string, string> = { Accept: 'text/event-stream' }
    if (lastId) headers['Last-Event-ID'] = lastId
    const href = new URL(pathWith('api/v2/intervals', parameters), this.want.base).href
    return ask(href, this.want.token, { headers, signal })
  }

  private ask(): void {
    this.isWanted = true
    if (!this.isAsking) void this.askWhileWanted()
  }

  private async askWhileWanted(): Promise<void> {
    const signal = this.stopping.signal
    this.isAsking = true
    while (this.isWanted && !signal.aborted) {
      await pause(this.earliestAsk - performance.now(), signal)
      if (signal.aborted) return
      this.isWanted = false
      clearTimeout(this.startTimer)
      clearTimeout(this.retryTimer)
      const begun = performance.now()
      let tookMs = 0
      try {
        await this.askOnce(signal)
        tookMs = performance.now() - begun
        this.listener.status('live', null)
      } catch (error) {
        if (signal.aborted) return
        const failure = error instanceof ApiError ? error : new ApiError(0, String(error))
        this.listener.status(failure.isOutage ? 'lost' : 'refused', failure)
        // Who was told of a refusal has let go of the numbers, and wants all of them once there are some again.
        if (!failure.isOutage) this.entityTag = ''
        if (failure.status !== 401) this.retryTimer = setTimeout(() => this.ask(), againMs)
      }
      // A large matrix must not keep server and browser busy all the time.
      this.earliestAsk = performance.now() + Math.min(longestSpacingMs, Math.max(shortestSpacingMs, 5 * tookMs))
    }
    this.isAsking = false
  }

  private async askOnce(signal: AbortSignal): Promise<void> {
    this.flush()
    this.sinceAsking = []
    const parameters = { group: this.groupName, class: this.want.class, metrics: this.metrics }
    const headers: Record<string, string> = this.entityTag ? { 'If-None-Match': this.entityTag } : {}
    const { response, body } = await question(this.want, 'api/v2/matrix', parameters, signal, headers)
    if (signal.aborted || response.status === 304) return
    const answer = body as MatrixAnswer
    this.entityTag = response.headers.get('ETag') ?? ''
    this.leavesOut = answer.destinations_left_out > 0
    clearTimeout(this.flushTimer)
    this.flushTimer = undefined
    this.pending = []
    const matrix = loadedMatrix(answer, this.group())
    this.sources = placesOf(matrix.sources)
    this.destinations = placesOf(matrix.destinations)
    this.matrix = matrix
    this.listener.matrix(matrix)
    for (const event of this.sinceAsking) this.fill(event)
  }

  private take({ kind, data }: StreamEvent): void {
    if (kind === 'gap') return this.ask()
    if (kind !== 'interval') return
    const event = parsed(data)
    if (!event) return
    this.newestEnd = Math.max(this.newestEnd, Date.parse(event.end))
    if (this.isOfAllClasses) {
      this.ask()
      this.flushSoon()
      return
    }
    if (this.isAsking) this.sinceAsking.push(event)
    this.fill(event)
  }

  private fill(event: IntervalEvent): void {
    const matrix = this.matrix
    if (!matrix) return
    this.flushSoon()
    if (event.class !== matrix.class) return
    const row = loadedRow(event, this.sources, this.destinations, (name) => this.miss(name))
    if (row) this.pending.push(row)
  }

  private miss(name: string): void {
    if (this.hopeless.has(name) || (this.leavesOut && !this.sources.has(name))) return
    this.hopeless.add(name)
    this.ask()
  }

  private flushSoon(): void {
    const pairs = this.sources.size * this.destinations.size
    this.flushTimer ??= setTimeout(() => this.flush(), pairs > narrowPairs ? flushWideMs : flushMs)
  }

  private flush(): void {
    clearTimeout(this.flushTimer)
    this.flushTimer = undefined
    if (this.newestEnd === 0) return
    const rows = this.pending
    this.pending = []
    this.listener.rows(rows, this.newestEnd)
  }
}

function parsed(data: string): IntervalEvent | null {
  try {
    return JSON.parse(data) as IntervalEvent
  } catch {
    return null
  }
}
