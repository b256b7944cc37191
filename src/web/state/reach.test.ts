import { describe, expect, it } from 'vitest'
import type { HistoryAnswer } from '../api/types'
import { usualReach } from './reach.svelte'

const now = Date.UTC(2026, 10, 22, 12)
const minute = 60_000

function history(...levels: [name: string, step_s: number, oldestMinutes: number | null][]): HistoryAnswer {
  return {
    now: new Date(now).toISOString(),
    fault: null,
    groups: [],
    levels: levels.map(([name, step_s, ago]) => ({
      name,
      step_s,
      kept_s: null,
      oldest: ago === null ? null : new Date(now - ago * minute).toISOString(),
      newest: null,
    })),
  }
}

describe('the usual reach', () => {
  it('is as far as a young history goes, though its days begin at midnight', () => {
    expect(usualReach(history(['raw', 0, 4], ['1h', 3600, 60], ['1d', 86400, 720]))).toBe(0.25)
    expect(usualReach(history(['raw', 0, 43], ['1h', 3600, 60], ['1d', 86400, 720]))).toBe(1)
  })

  it('is six hours where there is more, also where intervals are kept for a short time', () => {
    expect(usualReach(history(['raw', 0, 2880], ['1d', 86400, 14400]))).toBe(6)
    expect(usualReach(history(['raw', 0, 30], ['1m', 60, 2880]))).toBe(6)
  })

  it('is short where nothing has been kept yet, and six hours where that is not known', () => {
    expect(usualReach(history(['raw', 0, null]))).toBe(0.25)
    expect(usualReach(null)).toBe(6)
  })
})
