import type { TimelineAnswer } from '../api/types'
import { stepOf, type Scale } from '../matrix/model'

const hourMs = 3_600_000

/** What the time bar shows, in milliseconds since the Unix epoch. */
export interface TimeWindow {
  from: number
  to: number
  /** True while its end is now, and goes on with it. */
  isFollowing: boolean
}

/** The window that shows a moment: the one there is where it does, else up to now, else around the moment. */
export function windowFor(current: TimeWindow | null, at: number | null, hours: number, now: number): TimeWindow {
  const length = hours * hourMs
  const following = { from: now - length, to: now, isFollowing: true }
  if (at === null) return following
  if (current && !current.isFollowing && current.to - current.from === length && at >= current.from && at <= current.to)
    return current
  return at >= now - length ? following : windowUpTo(at + length / 2, hours, now)
}

/** The window that ends at a time, or now where that is sooner. */
export function windowUpTo(end: number, hours: number, now: number): TimeWindow {
  const to = Math.min(end, now)
  return { from: to - hours * hourMs, to, isFollowing: to === now }
}

/** Where a moment is in a window, from 0 to 1; null where it is not in there. */
export function shareOf(window: TimeWindow, moment: number): number | null {
  const part = (moment - window.from) / (window.to - window.from)
  return part >= 0 && part <= 1 ? part : null
}

/** The group in a step of time. */
export interface TimeStep {
  at: number
  /** Lost of all that was sent; null where nothing was measured. */
  loss: number | null
  /** That of the pair that lost most. */
  worst: number | null
  pairs: number
  lossyPairs: number
}

/** Steps of a group, in their order; steps without anything are not there. */
export interface Timeline {
  group: string
  stepMs: number
  steps: TimeStep[]
  /** Where what is in the steps begins and ends: long steps may reach beyond. */
  oldest?: number
  newest?: number
}

export function timelineOf(answer: TimelineAnswer): Timeline {
  const { loss, worst_loss, pairs, lossy_pairs } = answer.metrics
  return {
    group: answer.group,
    stepMs: answer.step_ms,
    oldest: answer.oldest === null ? -Infinity : Date.parse(answer.oldest),
    newest: answer.newest === null ? Infinity : Date.parse(answer.newest),
    steps: answer.at_ms.map((at, i) => ({
      at,
      loss: loss[i] ?? null,
      worst: worst_loss[i] ?? null,
      pairs: pairs[i] ?? 0,
      lossyPairs: lossy_pairs[i] ?? 0,
    })),
  }
}

/** A timeline with the answer about its end in place of what it had from there on, and without what is before a time. */
export function grown(timeline: Timeline, end: Timeline, endFrom: number, oldest: number): Timeline {
  const kept = timeline.steps.filter((step) => step.at + timeline.stepMs > oldest && step.at < endFrom)
  return {
    ...end,
    oldest: Math.min(timeline.oldest ?? -Infinity, end.oldest ?? -Infinity),
    steps: [...kept, ...end.steps.filter((step) => step.at >= endFrom)],
  }
}

/** The step that a moment is in; null where nothing was measured then. */
export function stepAt(timeline: Timeline, at: number): TimeStep | null {
  let low = 0
  let high = timeline.steps.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (timeline.steps[middle]!.at <= at) low = middle + 1
    else high = middle
  }
  const step = timeline.steps[low - 1]
  return step && at < step.at + timeline.stepMs ? step : null
}

/** The moment, or where nothing was measured then, the next one at which something was, by the end of its step. */
export function measuredFrom(timeline: Timeline | null, at: number): number {
  if (!timeline || stepAt(timeline, at)) return at
  const next = timeline.steps.find((step) => step.at > at && step.worst !== null)
  return next ? next.at + timeline.stepMs : at
}

/** How high a loss stands, of 1. Little of it is seen as well: 0.1 % is a tenth, 10 % nearly half. */
export function heightOf(loss: number): number {
  return Math.cbrt(Math.min(1, Math.max(0, loss)))
}

/** What is drawn in one colour: a path of SVG. */
export interface Bars {
  colour: string
  path: string
}

/** The worst loss of each step as bars, in pixels. Where a step lost nothing a thin line stands, and where nothing was measured, nothing. */
export function barsOf(timeline: Timeline, window: TimeWindow, scale: Scale, width: number, height: number): Bars[] {
  const paths = scale.colours.map(() => '')
  const thinnest = 2
  forEachPart(timeline, window, width, (step, left, right) => {
    if (step.worst === null) return
    const tall = Math.max(thinnest, heightOf(step.worst) * height)
    paths[stepOf(scale, step.worst)] += rectangle(left, height - tall, right - left, tall)
  })
  return paths.flatMap((path, step) => (path ? [{ colour: scale.colours[step]!, path }] : []))
}

/** Where something was measured, as one path over the whole height: what is left out is a gap. */
export function measuredPath(timeline: Timeline, window: TimeWindow, width: number, height: number): string {
  let path = ''
  let from = NaN
  let to = NaN
  forEachPart(timeline, window, width, (step, left, right) => {
    if (step.worst === null) return
    if (left - to < 0.01) {
      to = right
      return
    }
    if (to > from) path += rectangle(from, 0, to - from, height)
    from = left
    to = right
  })
  if (to > from) path += rectangle(from, 0, to - from, height)
  return path
}

function forEachPart(
  timeline: Timeline,
  window: TimeWindow,
  width: number,
  draw: (step: TimeStep, left: number, right: number) => void,
): void {
  const scale = width / (window.to - window.from)
  // A step that is not much longer than a pixel is drawn whole, that there is no seam between it and the next.
  const isLong = timeline.stepMs * scale > 24
  const oldest = isLong ? (timeline.oldest ?? -Infinity) : -Infinity
  const newest = isLong ? (timeline.newest ?? Infinity) : Infinity
  for (const step of timeline.steps) {
    const left = Math.max(0, (Math.max(step.at, oldest) - window.from) * scale)
    const right = Math.min(width, (Math.min(step.at + timeline.stepMs, newest) - window.from) * scale)
    if (right > left) draw(step, left, right)
  }
}

function rectangle(x: number, y: number, width: number, height: number): string {
  return `M${x.toFixed(2)} ${y.toFixed(2)}h${width.toFixed(2)}v${height.toFixed(2)}h${(-width).toFixed(2)}z`
}

const minuteMs = 60_000

const stepsOffered = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400].map((seconds) => seconds * 1000)

/**
 * How long the steps of a timeline are at least, the same for all who look as far back: the server remembers them. No shorter than an
 * interval, for then there would be steps without one.
 */
export function stepFor(hours: number, intervalMs: number): number {
  const least = Math.max((hours * hourMs) / 400, intervalMs)
  return stepsOffered.find((step) => step >= least) ?? stepsOffered.at(-1)!
}

const roundSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200].map(
  (minutes) => minutes * minuteMs,
)

/** Round times of the reader's time zone in a window, so many at most. */
export function ticksOf(window: TimeWindow, most: number): number[] {
  const length = window.to - window.from
  const step = roundSteps.find((round) => length / round <= most) ?? length
  const zone = -new Date(window.to).getTimezoneOffset() * minuteMs
  const ticks: number[] = []
  for (let tick = Math.ceil((window.from + zone) / step) * step - zone; tick <= window.to; tick += step) ticks.push(tick)
  return ticks
}

/** How fast it can be played: milliseconds of the past in each second. */
export const speeds = [10_000, minuteMs, 5 * minuteMs, 30 * minuteMs, 2 * hourMs]

/** A length of time that is a whole number of some unit. */
export function lengthText(ms: number): string {
  const units: [number, string][] = [
    [24 * hourMs, 'd'],
    [hourMs, 'h'],
    [minuteMs, 'min'],
  ]
  const [unit, name] = units.find(([unit]) => ms >= unit && ms % unit === 0) ?? [1000, 's']
  return `${+(ms / unit).toFixed(1)} ${name}`
}

/** The speed at which a window takes about a minute. */
export function usualSpeed(hours: number): number {
  return speeds.find((speed) => speed >= (hours * hourMs) / 90) ?? speeds.at(-1)!
}

/** The moment as it is asked for: whole intervals, so that the same is not asked for twice. */
export function snapped(at: number, intervalMs: number): number {
  const step = Math.max(1000, intervalMs)
  return Math.floor(at / step) * step
}

/** Where playing has come to after a while; null where that is the present. */
export function playedOn(
  from: number,
  elapsedMs: number,
  speed: number,
  intervalMs: number,
  now: number,
  skip = (at: number) => at,
): number | null {
  // Who was away for long goes on from where he was.
  const to = skip(from + (Math.min(elapsedMs, 2000) / 1000) * speed)
  return to >= now - intervalMs ? null : to
}
