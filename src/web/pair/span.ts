import type { HistoryAnswer } from '../api/types'

/** What the charts cover, in milliseconds since the Unix epoch, and how long a step is. */
export interface Span {
  from: number
  to: number
  stepMs: number
  /** True while its end is now. */
  isRunning: boolean
}

/** What is known of how the server keeps history. */
export interface Keeping {
  /** The group's interval. */
  intervalMs: number
  levels: HistoryAnswer['levels']
}

/** Ranges that the page offers. */
export const ranges = [
  { hours: 0.25, label: '15 min' },
  { hours: 1, label: '1 h' },
  { hours: 6, label: '6 h' },
  { hours: 24, label: '24 h' },
  { hours: 168, label: '7 d' },
  { hours: 720, label: '30 d' },
]

const mostSteps = 240
const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400].map((s) => s * 1000)
const hourMs = 3_600_000
const shortestMomentMs = 120_000

/** The last hours; or as many around a moment that is longer ago. Steps are round, and hold at least an interval as it is kept. */
export function spanOf(at: number | null, hours: number, now: number, keeping: Keeping): Span {
  const length = hours * hourMs
  const isRunning = at === null || at > now - length
  const to = isRunning ? now : Math.min(now, at + length / 2)
  const from = to - length
  const least = Math.max(length / mostSteps, keeping.intervalMs, coarsenessAt(from, now, keeping))
  return { from, to, stepMs: steps.find((step) => step >= least) ?? least, isRunning }
}

/**
 * What counts as a moment: short enough to be one, long enough that there is something to go by, and never less than a step
 * of the charts, so that what was pointed at there is what is told.
 */
export function momentOf(at: number | null, now: number, span: Span, keeping: Keeping): { from: number; to: number } {
  const end = at === null ? now : Math.min(at, now)
  const chosenStep = at === null ? 0 : span.stepMs
  const length = Math.max(
    shortestMomentMs,
    3 * keeping.intervalMs,
    chosenStep,
    coarsenessAt(end - shortestMomentMs, now, keeping),
  )
  return { from: end - length, to: end }
}

/** How long a point of that time is in what is kept; 0 where single intervals are. */
function coarsenessAt(time: number, now: number, keeping: Keeping): number {
  const age = (now - time) / 1000
  const level = keeping.levels.find(({ kept_s }) => kept_s === null || kept_s >= age) ?? keeping.levels.at(-1)
  return (level?.step_s ?? 0) * 1000
}
