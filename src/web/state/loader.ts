import { ApiError } from '../api/ask'
import type { Group, MatrixAnswer } from '../api/types'
import { Live } from './live'
import type { FromLoader, LoadedMatrix, LoadedRow, LoaderStatus, Want } from './messages'
import { aligned, loadedMatrix, metricsFor } from './numbers'
import { askGroups, pause, question } from './question'

const groupsMs = 30_000
const againMs = 3000
const baselineMs = 600_000
const baselineAgainMs = 30_000
const dayMs = 86_400_000

interface Baseline {
  key: string
  madeAt: number
  matrix: LoadedMatrix
}

/**
 * Loads what is wanted, one want at a time, and tells of it. It is all there is in the page's worker, so that large answers are read
 * without the page standing still.
 */
export class Loader {
  private want: Want | null = null
  private work = new AbortController()
  private live: Live | null = null
  private past: LoadedMatrix | null = null
  private group: string | null = null
  private groups: Group[] = []
  private groupsAt = -Infinity
  private groupsFor = ''
  private baseline: Baseline | null = null
  private baselineTimer: ReturnType<typeof setTimeout> | undefined
  /** Of what the baseline is on its way; null where none is. */
  private baselineAsked: string | null = null
  private lastPastMs = 0
  private wake: (() => void) | null = null

  constructor(private readonly tell: (message: FromLoader, transfer: Transferable[]) => void) {}

  show(want: Want): void {
    const before = this.want
    this.want = want
    if (before && this.isEnough(before, want)) {
      void this.showBaseline(this.work.signal)
      return
    }
    this.stop()
    void this.run(want, before?.at ?? null, this.work.signal)
  }

  rest(): void {
    this.want = null
    this.stop()
  }

  retry(): void {
    this.live?.retry()
    this.wake?.()
  }

  private stop(): void {
    this.work.abort()
    this.work = new AbortController()
    this.live?.stop()
    this.live = null
    this.past = null
    this.baselineAsked = null
    clearTimeout(this.baselineTimer)
  }

  /** True when what is loaded, or being loaded, has what a further want is about. */
  private isEnough(before: Want, want: Want): boolean {
    const same =
      before.base === want.base &&
      before.token === want.token &&
      before.group === want.group &&
      before.class === want.class &&
      before.at === want.at
    if (!same || this.group === null) return false
    const has = this.live?.metrics ?? [...(this.past?.metrics.keys() ?? [])]
    return metricsFor(want.colouring, this.pairs(this.group), want.at !== null, want.withWays).every((metric) =>
      has.includes(metric),
    )
  }

  private async run(want: Want, atBefore: number | null, signal: AbortSignal): Promise<void> {
    // While somebody drags along the time bar, moments come faster than large matrices do: take the one where it stops.
    if (want.at !== null && atBefore !== null) await pause(Math.min(300, this.lastPastMs / 2), signal)
    for (let isDone = false; !isDone && !signal.aborted;) {
      try {
        if (this.groupsFor !== want.base + want.token || performance.now() - this.groupsAt > groupsMs)
          await this.loadGroups(want, signal)
        if (signal.aborted) return
        this.group = want.group ?? this.groups[0]?.name ?? ''
        if (want.at === null) this.follow(want, this.group, signal)
        else await this.showPast(want, this.group, want.at, signal)
        isDone = true
      } catch (error) {
        if (signal.aborted) return
        const failure = error instanceof ApiError ? error : new ApiError(0, String(error))
        this.tellStatus(failure.isOutage ? 'lost' : 'refused', failure)
        if (failure.isRefusal) return
        await Promise.race([pause(againMs, signal), new Promise<void>((resolve) => (this.wake = resolve))])
      }
    }
    if (!signal.aborted) void this.watchGroups(want, signal)
  }

  private async loadGroups(want: Want, signal: AbortSignal): Promise<void> {
    this.groups = await askGroups(want, signal)
    this.groupsAt = performance.now()
    this.groupsFor = want.base + want.token
    this.say({ kind: 'groups', turn: this.turn, groups: this.groups })
  }

  /** Groups come and go, and so do their members. */
  private async watchGroups(want: Want, signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(groupsMs, signal)
      if (signal.aborted) return
      const before = this.groups.find((group) => group.name === this.group)
      try {
        await this.loadGroups(want, signal)
      } catch {
        continue
      }
      if (signal.aborted) return
      const group = this.groups.find((one) => one.name === this.group)
      if (group?.probes !== before?.probes || group?.config_tag !== before?.config_tag) this.live?.refresh()
    }
  }

  private follow(want: Want, group: string, signal: AbortSignal): void {
    this.live = new Live(
      want,
      group,
      () => this.groupOf(group),
      metricsFor(want.colouring, this.pairs(group), false, want.withWays),
      {
        matrix: (matrix) => {
          this.tellMatrix(matrix)
          void this.showBaseline(signal)
        },
        rows: (rows, end) => {
          if (rows.length > 0) this.say({ kind: 'rows', turn: this.turn, rows }, buffersOf(rows))
          this.say({ kind: 'interval', turn: this.turn, end })
        },
        status: (status, error) => this.tellStatus(status, error),
      },
    )
  }

  private async showPast(want: Want, group: string, at: number, signal: AbortSignal): Promise<void> {
    const metrics = metricsFor(want.colouring, this.pairs(group), true, want.withWays)
    const begun = performance.now()
    // The server looks back three minutes by itself, within which long intervals need not have begun.
    const intervalS = this.groupOf(group)?.interval_s ?? 0
    const window = intervalS > 90 ? `${2 * intervalS}s` : null
    const { body } = await question(want, 'api/v2/matrix', { group, class: want.class, metrics, at, window }, signal)
    if (signal.aborted) return
    this.lastPastMs = performance.now() - begun
    this.past = loadedMatrix(body as MatrixAnswer, this.groupOf(group))
    this.tellMatrix(this.past)
    this.tellStatus('past', null)
    void this.showBaseline(signal)
  }

  /** The medians of the day before, where they are wanted. */
  private async showBaseline(signal: AbortSignal): Promise<void> {
    const want = this.want
    const shown = this.live?.shown ?? this.past
    if (!want || !shown || want.colouring !== 'baseline') return
    const at = want.at === null ? null : Math.floor(want.at / baselineMs) * baselineMs
    const key = JSON.stringify([want.base, want.token, shown.group, want.class, at])
    if (this.baseline?.key !== key || performance.now() - this.baseline.madeAt > baselineMs) {
      if (this.baselineAsked === key) return
      this.baselineAsked = key
      try {
        const span = at === null ? { from: 'now-24h', to: 'now' } : { from: at - dayMs, to: at }
        const parameters = { group: shown.group, class: want.class, metrics: 'rtt_p50', ...span }
        const { body } = await question(want, 'api/v2/matrix', parameters, signal)
        const matrix = loadedMatrix(body as MatrixAnswer, undefined)
        if (signal.aborted) return
        this.baseline = { key, madeAt: performance.now(), matrix }
        this.baselineAsked = null
      } catch (error) {
        if (signal.aborted) return
        this.baselineAsked = null
        this.say({ kind: 'baseline', turn: this.turn, values: null, problem: (error as Error).message })
        this.showBaselineLater(baselineAgainMs, signal)
        return
      }
    }
    const base = this.baseline
    const target = this.live?.shown ?? this.past
    if (signal.aborted || !base || !target) return
    const values = aligned(base.matrix.metrics.get('rtt_p50') ?? new Float32Array(), base.matrix, target)
    this.say({ kind: 'baseline', turn: this.turn, values, problem: null }, [values.buffer])
    if (want.at === null) this.showBaselineLater(baselineMs, signal)
  }

  private showBaselineLater(ms: number, signal: AbortSignal): void {
    clearTimeout(this.baselineTimer)
    this.baselineTimer = setTimeout(() => void this.showBaseline(signal), ms)
  }

  private get turn(): number {
    return this.want?.turn ?? -1
  }

  private groupOf(name: string): Group | undefined {
    return this.groups.find((group) => group.name === name)
  }

  /** About how many pairs a group has. */
  private pairs(name: string): number {
    return (this.groupOf(name)?.probes ?? 0) ** 2
  }

  /** Hands the numbers over: here, names alone remain. */
  private tellMatrix(matrix: LoadedMatrix): void {
    this.say(
      { kind: 'matrix', turn: this.turn, matrix, clockOffset: matrix.now - Date.now() },
      [...matrix.metrics.values()].map((values) => values.buffer),
    )
  }

  private tellStatus(status: LoaderStatus, error: ApiError | null): void {
    this.say({ kind: 'status', turn: this.turn, status, problem: error?.message ?? null, code: error?.status ?? 0 })
  }

  private say(message: FromLoader, transfer: Transferable[] = []): void {
    this.tell(message, transfer)
  }
}

function buffersOf(rows: LoadedRow[]): Transferable[] {
  return rows.flatMap((row) => [row.destinations.buffer, ...row.metrics.map(([, values]) => values.buffer)])
}
