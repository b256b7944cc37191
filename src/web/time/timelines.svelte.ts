import { ApiError, get } from '../api/client'
import type { TimelineAnswer } from '../api/types'
import { grown, timelineOf, type Timeline, type TimeWindow } from './timeline'

const refusedMs = 60_000

/** What timelines are asked for of. */
export interface Subject {
  group: string
  class: string | null
  /** How long a step is at least. */
  stepMs: number
}

/** The timeline of a window: loaded whole for another window, and at its end as time goes on. */
export class Timelines {
  timeline = $state.raw<Timeline | null>(null)
  /** Why there is none, in the server's words. */
  problem = $state<string | null>(null)
  isLoading = $state(false)

  private asking = new AbortController()
  private subject: Subject | null = null
  private loaded: TimeWindow | null = null
  private isGrowing = false
  private refusedAt = -Infinity

  /** Loads a window, unless it is the one that is there already. */
  show(subject: Subject, window: TimeWindow): void {
    const isSame = this.subject !== null && JSON.stringify(this.subject) === JSON.stringify(subject)
    const length = window.to - window.from
    if (isSame && this.loaded) {
      const isOf = this.loaded.isFollowing === window.isFollowing && this.loaded.to - this.loaded.from === length
      if (isOf && (window.isFollowing || this.loaded.to === window.to)) return
    }
    if (!isSame) this.timeline = null
    this.subject = subject
    this.loaded = window
    void this.load(subject, window)
  }

  /** Loads what is new at the end of a window that goes on with time. */
  async grow(window: TimeWindow): Promise<void> {
    const { timeline, subject } = this
    if (!subject || !window.isFollowing || this.isGrowing || this.isLoading) return
    if (!timeline) {
      // A server without history has none in five seconds either.
      return performance.now() - this.refusedAt > refusedMs ? this.load(subject, window) : undefined
    }
    this.isGrowing = true
    const signal = this.asking.signal
    try {
      // The last step but one may still get results that come late.
      const last = timeline.steps.at(-1)?.at ?? window.from
      const from = Math.max(last - timeline.stepMs, Math.floor(window.from / timeline.stepMs) * timeline.stepMs)
      const end = await this.ask(subject, from, window.to, timeline.stepMs, signal)
      if (signal.aborted || this.timeline !== timeline) return
      if (end.stepMs === timeline.stepMs) this.timeline = grown(timeline, end, from, window.from)
      else void this.load(subject, window)
    } catch {
      // Liveness tells when the server is gone; what is there stays.
    } finally {
      this.isGrowing = false
    }
  }

  stop(): void {
    this.asking.abort()
  }

  private async load(subject: Subject, window: TimeWindow): Promise<void> {
    this.asking.abort()
    this.asking = new AbortController()
    const signal = this.asking.signal
    this.isLoading = true
    try {
      const timeline = await this.ask(subject, window.from, window.to, subject.stepMs, signal)
      if (signal.aborted) return
      this.timeline = timeline
      this.problem = null
    } catch (error) {
      if (signal.aborted) return
      this.problem = error instanceof ApiError ? error.message : String(error)
      if (!(error instanceof ApiError) || error.isOutage) return
      this.timeline = null
      this.refusedAt = performance.now()
    } finally {
      if (!signal.aborted) this.isLoading = false
    }
  }

  private async ask(subject: Subject, from: number, to: number, stepMs: number, signal: AbortSignal): Promise<Timeline> {
    const { group, class: trafficClass } = subject
    const parameters = { group, class: trafficClass, from: Math.floor(from), to: Math.floor(to), step: stepMs / 1000 }
    return timelineOf(await get<TimelineAnswer>('api/v2/timeline', parameters, signal))
  }
}
