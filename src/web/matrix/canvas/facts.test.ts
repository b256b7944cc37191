import { describe, expect, it } from 'vitest'
import type { PairMetric } from '../../api/types'
import { mark, type CellGrid, type Line, type MatrixData, type Scale } from '../model'
import { factsOf, sentenceOf } from './facts'

const scale: Scale = { title: 'Loss', bounds: [0], colours: [], inks: [], labels: [], text: (value) => `${value * 100}%` }
const names = ['ams1', 'pdx1']

function line(label: string, more: Partial<Line> = {}): Line {
  return { key: label, label, depth: 0, kind: 'probe', isOpen: false, count: 1, members: Int32Array.of(0), ...more }
}

const data: MatrixData = {
  group: 'wan',
  class: 0,
  classes: [0],
  sources: names,
  destinations: names,
  metrics: new Map<PairMetric, Float32Array>([
    ['loss', Float32Array.of(NaN, 0.5, 0, NaN)],
    ['rtt_p50', Float32Array.of(NaN, 61e6, NaN, NaN)],
    ['age', Float32Array.of(NaN, 400, 3, NaN)],
  ]),
  baseline: null,
  at: 0,
  isLive: true,
  version: 1,
}

const grid: CellGrid = {
  rows: names.map((name) => line(name)),
  columns: names.map((name) => line(name)),
  values: Float32Array.of(NaN, 0.5, 0, NaN),
  marks: Uint8Array.of(mark.self, mark.measured | mark.loss | mark.stale | mark.suspect, mark.measured, mark.self),
  pairs: Int32Array.of(0, 1, 2, 3),
  version: 1,
}

describe('facts of a cell', () => {
  it('are the numbers that were loaded, and none that were not', () => {
    const facts = factsOf(grid, data, scale, 'loss', 1, 0)!
    expect(facts).toMatchObject({ source: 'pdx1', destination: 'ams1', fold: null, warnings: [] })
    expect(facts.value).toEqual({ name: 'Loss', text: '0%' })
    expect(facts.numbers).toEqual([
      { name: 'RTT p50', text: '–' },
      { name: 'Age', text: '3 s' },
    ])
  })

  it('say why not to believe them', () => {
    const facts = factsOf(grid, data, scale, 'loss', 0, 1)!
    expect(facts.warnings).toEqual(['Stale: no result for 7 min.', 'Suspect: the source does not trust this interval.'])
    expect(sentenceOf(facts, grid.rows[0], grid.columns[1])).toBe(
      'ams1 to pdx1. Loss 50%. RTT p50 61.0 ms. Stale: no result for 7 min. Suspect: the source does not trust this interval.',
    )
  })

  it('are none of a probe and itself', () => {
    expect(factsOf(grid, data, scale, 'loss', 0, 0)).toBeNull()
    expect(sentenceOf(null, grid.rows[0], grid.columns[0])).toBe('ams1, to itself.')
  })

  it('say that nothing was measured, and not zero', () => {
    const empty = { ...grid, marks: Uint8Array.of(0, 0, 0, 0), values: Float32Array.of(NaN, NaN, NaN, NaN) }
    const facts = factsOf(empty, data, scale, 'loss', 0, 1)!
    expect(facts.value.text).toBe('–')
    expect(facts.numbers).toEqual([])
    expect(sentenceOf(facts, empty.rows[0], empty.columns[1])).toBe('ams1 to pdx1. Never measured.')
  })

  it('of a fold name the worst pair', () => {
    const folded: CellGrid = {
      rows: [line('eu', { kind: 'fold', count: 3 })],
      columns: [line('us', { kind: 'fold', count: 4 })],
      values: Float32Array.of(0.5),
      marks: Uint8Array.of(mark.measured | mark.loss),
      pairs: Int32Array.of(1),
      version: 1,
    }
    const facts = factsOf(folded, data, scale, 'loss', 0, 0)!
    expect(facts).toMatchObject({ source: 'ams1', destination: 'pdx1', fold: { row: 'eu', column: 'us', pairs: 12 } })
    expect(sentenceOf(facts, folded.rows[0], folded.columns[0])).toContain('eu to us: the worst of 12 pairs is ams1 to pdx1.')
    expect(sentenceOf(null, folded.rows[0], undefined)).toBe('From eu, 3 probes, folded. Enter opens it.')
  })
})
