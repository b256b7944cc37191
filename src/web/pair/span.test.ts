import { describe, expect, it } from 'vitest'
import { momentOf, spanOf, type Keeping } from './span'

const now = Date.UTC(2026, 10, 22, 12)
const minute = 60_000
const hour = 60 * minute
const keeping: Keeping = {
  intervalMs: 10_000,
  levels: [
    { name: 'raw', step_s: 0, kept_s: 172_800, oldest: null, newest: null },
    { name: '1m', step_s: 60, kept_s: 1_209_600, oldest: null, newest: null },
    { name: '1h', step_s: 3600, kept_s: null, oldest: null, newest: null },
  ],
}

describe('the span of the charts', () => {
  it('ends now while one looks at now', () => {
    expect(spanOf(null, 1, now, keeping)).toEqual({ from: now - hour, to: now, stepMs: 15_000, isRunning: true })
  })

  it('stays where it is when one points at a moment within it', () => {
    expect(spanOf(now - 30 * minute, 1, now, keeping)).toEqual(spanOf(null, 1, now, keeping))
  })

  it('lies around a moment that is longer ago', () => {
    const at = now - 10 * hour
    expect(spanOf(at, 1, now, keeping)).toMatchObject({ from: at - hour / 2, to: at + hour / 2, isRunning: false })
  })

  it('has no steps shorter than an interval, or than what is kept of that time', () => {
    expect(spanOf(null, 0.25, now, { ...keeping, intervalMs: 30_000 }).stepMs).toBe(30_000)
    expect(spanOf(now - 72 * hour, 1, now, keeping).stepMs).toBe(minute)
    expect(spanOf(now - 400 * 24 * hour, 1, now, keeping).stepMs).toBe(hour)
  })

  it('has a number of steps that a screen can show, however long it is', () => {
    for (const hours of [0.25, 1, 6, 24, 168, 720, 9600]) {
      const { from, to, stepMs } = spanOf(null, hours, now, keeping)
      expect((to - from) / stepMs).toBeLessThanOrEqual(240)
    }
  })
})

describe('a moment', () => {
  it('is the last minutes before it', () => {
    expect(momentOf(null, now, spanOf(null, 6, now, keeping), keeping)).toEqual({ from: now - 2 * minute, to: now })
  })

  it('is a whole step of the charts when one points into them', () => {
    const at = now - hour
    expect(momentOf(at, now, spanOf(at, 24, now, keeping), keeping)).toEqual({ from: at - 10 * minute, to: at })
  })

  it('holds a few intervals where these are long', () => {
    const slow = { ...keeping, intervalMs: 5 * minute }
    expect(momentOf(null, now, spanOf(null, 6, now, slow), slow).from).toBe(now - 15 * minute)
  })

  it('is never after now', () => {
    expect(momentOf(now + hour, now, spanOf(null, 6, now, keeping), keeping).to).toBe(now)
  })
})
