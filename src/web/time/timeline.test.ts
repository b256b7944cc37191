import { describe, expect, it } from 'vitest'
import type { TimelineAnswer } from '../api/types'
import { scaleOf } from '../matrix/scales'
import {
  barsOf,
  grown,
  heightOf,
  lengthText,
  measuredFrom,
  measuredPath,
  playedOn,
  snapped,
  stepAt,
  stepFor,
  ticksOf,
  timelineOf,
  usualSpeed,
  windowFor,
  windowUpTo,
} from './timeline'

const hour = 3_600_000
const minute = 60_000
const now = Date.UTC(2026, 10, 22, 12)

function answer(at_ms: number[], worst: (number | null)[]): TimelineAnswer {
  return {
    group: 'wan',
    class: 0,
    class_name: 'CS0',
    from: '',
    to: '',
    step_ms: minute,
    at_ms,
    metrics: { loss: worst, worst_loss: worst, lossy_pairs: worst.map((one) => (one ? 1 : 0)), pairs: worst.map(() => 56) },
    oldest: null,
    newest: null,
  }
}

describe('the window of the time bar', () => {
  it('goes up to now while the present is shown, or a moment that it reaches', () => {
    expect(windowFor(null, null, 6, now)).toEqual({ from: now - 6 * hour, to: now, isFollowing: true })
    expect(windowFor(null, now - 5 * hour, 6, now).isFollowing).toBe(true)
  })

  it('lies around a moment further back, and stays there for others that it reaches', () => {
    const window = windowFor(null, now - 48 * hour, 6, now)
    expect(window).toEqual({ from: now - 51 * hour, to: now - 45 * hour, isFollowing: false })
    expect(windowFor(window, now - 46 * hour, 6, now)).toBe(window)
    expect(windowFor(window, now - 46 * hour, 1, now)).toEqual({
      from: now - 46.5 * hour,
      to: now - 45.5 * hour,
      isFollowing: false,
    })
    expect(windowFor(window, null, 6, now).isFollowing).toBe(true)
  })

  it('ends now at the latest', () => {
    expect(windowUpTo(now + hour, 6, now)).toEqual({ from: now - 6 * hour, to: now, isFollowing: true })
    expect(windowUpTo(now - hour, 6, now).isFollowing).toBe(false)
  })
})

describe('a timeline', () => {
  const window = { from: now, to: now + 10 * minute, isFollowing: false }

  it('knows the step of a moment, and gaps', () => {
    const timeline = timelineOf(answer([now, now + minute, now + 5 * minute], [0, 0.2, null]))
    expect(stepAt(timeline, now - 1)).toBeNull()
    expect(stepAt(timeline, now + minute)?.worst).toBe(0.2)
    expect(stepAt(timeline, now + 2 * minute - 1)?.worst).toBe(0.2)
    expect(stepAt(timeline, now + 2 * minute)).toBeNull()
    expect(stepAt(timeline, now + 5 * minute)?.worst).toBeNull()
  })

  it('grows at its end, where late results replace what was there, and lets go of what is out of the window', () => {
    const timeline = timelineOf(answer([now, now + minute, now + 2 * minute], [0.1, 0.2, 0.3]))
    const end = timelineOf(answer([now + 2 * minute, now + 3 * minute], [0.5, 0.6]))
    const after = grown(timeline, end, now + 2 * minute, now + minute)
    expect(after.steps.map((step) => [step.at - now, step.worst])).toEqual([
      [minute, 0.2],
      [2 * minute, 0.5],
      [3 * minute, 0.6],
    ])
  })

  it('shows little loss as well, and more loss higher', () => {
    const heights = [0, 0.0001, 0.001, 0.01, 0.1, 0.5, 1].map(heightOf)
    expect(heights).toEqual([...heights].sort((a, b) => a - b))
    expect(heights[2]).toBeCloseTo(0.1)
    expect(heights.at(-1)).toBe(1)
  })

  it('is drawn in the colours of the matrix, at its place, and not where nothing was measured', () => {
    const scale = scaleOf('loss', 'dark')
    const timeline = timelineOf(answer([now, now + minute, now + 2 * minute, now + 9 * minute], [0, 1, null, 0]))
    const bars = barsOf(timeline, window, scale, 100, 40)
    expect(bars).toEqual([
      { colour: scale.colours[0], path: 'M0.00 38.00h10.00v2.00h-10.00zM90.00 38.00h10.00v2.00h-10.00z' },
      { colour: scale.colours.at(-1), path: 'M10.00 0.00h10.00v40.00h-10.00z' },
    ])
    expect(measuredPath(timeline, window, 100, 40)).toBe('M0.00 0.00h20.00v40.00h-20.00zM90.00 0.00h10.00v40.00h-10.00z')
  })

  it('ends at the borders of the window', () => {
    const timeline = timelineOf(answer([now - minute / 2, now + 20 * minute], [1, 1]))
    expect(barsOf(timeline, window, scaleOf('loss', 'light'), 100, 40).map((one) => one.path)).toEqual([
      'M0.00 0.00h5.00v40.00h-5.00z',
    ])
  })

  it('has a few hundred steps, and none that is shorter than an interval', () => {
    expect([1, 6, 24, 168].map((hours) => stepFor(hours, 5000))).toEqual([10_000, minute, 5 * minute, 30 * minute])
    expect(stepFor(1, 60_000)).toBe(minute)
    for (const hours of [0.1, 3, 100, 720, 8760]) expect((hours * hour) / stepFor(hours, 10_000)).toBeLessThanOrEqual(400)
  })

  it('has ticks at round times, and not too many', () => {
    for (const hours of [1, 6, 24, 72, 168, 720]) {
      const ticks = ticksOf({ from: now - hours * hour + 12_345, to: now, isFollowing: true }, 8)
      expect(ticks.length).toBeGreaterThan(1)
      expect(ticks.length).toBeLessThanOrEqual(9)
      for (const tick of ticks) expect(new Date(tick).getMinutes() % 5).toBe(0)
    }
  })
})

describe('playing', () => {
  it('goes on by the time that has passed', () => {
    expect(playedOn(now - hour, 250, minute, 5000, now)).toBe(now - hour + 15_000)
    expect(playedOn(now - hour, 10, minute, 5000, now)).toBe(now - hour + 600)
  })

  it('leaps no further than two seconds of it after a long break', () => {
    expect(playedOn(now - hour, 600_000, minute, 5000, now)).toBe(now - hour + 2 * minute)
  })

  it('ends in the present', () => {
    expect(playedOn(now - 6000, 250, minute, 5000, now)).toBeNull()
  })

  it('takes about a minute for any reach', () => {
    for (const hours of [1, 6, 24, 168]) {
      const seconds = (hours * hour) / usualSpeed(hours)
      expect(seconds).toBeGreaterThan(10)
      expect(seconds).toBeLessThanOrEqual(90)
    }
  })

  it('asks for whole intervals, and whole seconds at the least', () => {
    expect(snapped(12_345_678, 5000)).toBe(12_345_000)
    expect(snapped(12_345_678, 1)).toBe(12_345_000)
  })

  it('draws of a long step no more than what is in it', () => {
    const steps = [{ at: 0, loss: 0, worst: 0, pairs: 2, lossyPairs: 0 }]
    const timeline = { group: 'wan', stepMs: 24 * hour, steps, oldest: 6 * hour, newest: 12 * hour }
    const window = { from: 0, to: 24 * hour, isFollowing: false }
    expect(measuredPath(timeline, window, 240, 10)).toBe('M60.00 0.00h60.00v10.00h-60.00z')
  })

  it('skips what was not measured', () => {
    const steps = [0, 10, 60].map((at) => ({ at: at * minute, loss: 0, worst: 0, pairs: 2, lossyPairs: 0 }))
    const timeline = { group: 'wan', stepMs: 10 * minute, steps }
    expect(measuredFrom(timeline, 15 * minute)).toBe(15 * minute)
    expect(measuredFrom(timeline, 20 * minute)).toBe(70 * minute)
    expect(measuredFrom(timeline, 90 * minute)).toBe(90 * minute)
    expect(playedOn(15 * minute, 1000, 10 * minute, 1000, 100 * minute, (at) => measuredFrom(timeline, at))).toBe(70 * minute)
  })

  it('says lengths in their largest whole unit', () => {
    expect([10_000, minute, 30 * minute, hour, 24 * hour, 168 * hour, 1.5 * hour].map(lengthText)).toEqual([
      '10 s',
      '1 min',
      '30 min',
      '1 h',
      '1 d',
      '7 d',
      '90 min',
    ])
  })
})
