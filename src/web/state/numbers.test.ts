import { describe, expect, it } from 'vitest'
import type { IntervalEvent, MatrixAnswer } from '../api/types'
import { aligned, loadedMatrix, loadedRow, metricsFor, metricsOfIntervals, placesOf } from './numbers'

const answer: MatrixAnswer = {
  group: 'wan',
  class: 0,
  class_name: 'CS0',
  classes: [0],
  now: '2026-11-22T12:00:17.5Z',
  sources: ['a', 'b'],
  destinations: ['a', 'b', 'x'],
  destinations_left_out: 0,
  metrics: {
    loss: [
      [null, 0, 0.5],
      [1, null, null],
    ],
    suspect: [
      [null, true, false],
      [false, null, null],
    ],
  },
}

const event: IntervalEvent = {
  group: 'wan',
  source: 'b',
  start: '2026-11-22T12:00:10Z',
  end: '2026-11-22T12:00:20Z',
  suspect: true,
  pairs: 2,
  sent: 80,
  lost: 3,
  lossy_pairs: 1,
  class: 0,
  destinations: ['x', 'a', 'new'],
  metrics: { loss: [0.25, null, 1] },
}

describe('numbers of a matrix', () => {
  it('are NaN where nothing was measured, and 0 where nothing was lost', () => {
    const matrix = loadedMatrix(answer, undefined)
    expect([...matrix.metrics.get('loss')!]).toEqual([NaN, 0, 0.5, 1, NaN, NaN])
    expect([...matrix.metrics.get('suspect')!]).toEqual([NaN, 1, 0, 0, NaN, NaN])
    expect(matrix.now).toBe(Date.UTC(2026, 10, 22, 12, 0, 17, 500))
  })

  it('of an interval stand in the places of its names', () => {
    const unknown: string[] = []
    const row = loadedRow(event, placesOf(answer.sources), placesOf(answer.destinations), (name) => void unknown.push(name))
    expect(row?.source).toBe(1)
    expect([...row!.destinations]).toEqual([2, 0])
    expect(row!.metrics.map(([name, values]) => [name, [...values]])).toEqual([['loss', [0.25, NaN]]])
    expect(unknown).toEqual(['new'])
  })

  it('of a source that is not there yet are told as unknown', () => {
    const unknown: string[] = []
    const later = { ...event, source: 'z' }
    expect(loadedRow(later, placesOf(['a']), placesOf(['a']), (name) => void unknown.push(name))).toBeNull()
    expect(unknown).toEqual(['z'])
  })

  it('that came late and are the newest of no pair show nothing', () => {
    const late = { ...event, destinations: [] }
    expect(loadedRow(late, placesOf(['a', 'b']), placesOf(['a']), () => expect.unreachable())).toBeNull()
  })

  it('are found by name in another order', () => {
    const from = { sources: ['b', 'a'], destinations: ['y', 'x'] }
    const to = { sources: ['a', 'c', 'b'], destinations: ['x', 'y'] }
    expect([...aligned(Float32Array.of(1, 2, 3, 4), from, to)]).toEqual([4, 3, NaN, NaN, 2, 1])
  })
})

describe('metrics that are asked for', () => {
  it('are all that are shown of a small group', () => {
    expect(metricsFor('loss', 8 * 8, false)).toEqual(
      expect.arrayContaining(['loss', 'rtt_p50', 'rtt_p99', 'jitter', 'sent', 'stale']),
    )
  })

  it('of a large group are those that are drawn', () => {
    expect(metricsFor('rtt_p99', 1_000_000, false)).toEqual(['loss', 'rtt_p99', 'stale', 'suspect', 'age', 'rtt_p50'])
    expect(metricsFor('loss', 1_000_000, true)).toEqual(['loss', 'stale', 'suspect'])
    expect(metricsFor('baseline', 1_000_000, true)).toContain('rtt_p50')
  })

  it('of a large group tell the ways of loss where they are asked for', () => {
    for (const isPast of [false, true])
      expect(metricsFor('loss', 1_000_000, isPast, true)).toEqual(expect.arrayContaining(['loss_forward', 'loss_reverse']))
  })

  it('are no more than an answer may have', () => {
    for (const pairs of [1e6, 2.6e6, 4e6, 9e6, 16e6])
      expect(metricsFor('jitter', pairs, false).length * pairs).toBeLessThanOrEqual(16e6)
    expect(metricsFor('jitter', 16e6, false)).toEqual(['loss'])
  })

  it('of intervals are those that do not follow from their time', () => {
    expect(metricsOfIntervals(['loss', 'age', 'stale', 'suspect', 'jitter'])).toEqual(['loss', 'jitter'])
  })
})
