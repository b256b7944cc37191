import { describe, expect, it } from 'vitest'
import type { PairMetric } from '../api/types'
import { badnessOf, Folding, valuesOf } from './fold'
import { mark, type CellGrid, type MatrixData } from './model'
import { arrange } from './order'

const tagged = (region: string) => ({ address: '', tags: { region } })
const probes = new Map([
  ['a', tagged('eu')],
  ['b', tagged('eu')],
  ['c', tagged('us')],
])
const plain = { by: [] as string[], open: [] as string[], sort: 'name', filter: '' }

/** Three probes that test each other; `null` in the diagonal and where it is said. */
function matrix(metrics: Partial<Record<PairMetric, (number | null)[][]>>, more: Partial<MatrixData> = {}): MatrixData {
  const names = ['a', 'b', 'c']
  return {
    group: 'g',
    class: 0,
    classes: [0],
    sources: names,
    destinations: names,
    metrics: new Map(
      Object.entries(metrics).map(([name, rows]) => [
        name as PairMetric,
        Float32Array.from(rows.flat(), (value) => value ?? NaN),
      ]),
    ),
    baseline: null,
    at: 0,
    isLive: true,
    version: 1,
    ...more,
  }
}

const clean = [
  [null, 0, 0],
  [0, null, 0],
  [0, 0, null],
]

function cell(grid: CellGrid, row: string, column: string) {
  const i = grid.rows.findIndex((line) => line.label === row) * grid.columns.length
  const at = i + grid.columns.findIndex((line) => line.label === column)
  const pair = grid.pairs[at]!
  return {
    value: grid.values[at]!,
    marks: grid.marks[at]!,
    pair: pair < 0 ? null : 'abc'[Math.floor(pair / 3)]! + 'abc'[pair % 3]!,
  }
}

const folded = (data: MatrixData, asked = {}, colouring: 'loss' | 'rtt_p50' | 'baseline' = 'loss') =>
  new Folding().fold(data, colouring, arrange({ ...plain, ...asked }, data, probes))

describe('cells', () => {
  it('tell nothing lost from never measured, and both from a probe itself', () => {
    const grid = folded(matrix({ loss: [[null, 0, null], [0.5, null, 0], clean[2]!] }))
    expect(cell(grid, 'a', 'b')).toEqual({ value: 0, marks: mark.measured, pair: 'ab' })
    expect(cell(grid, 'a', 'c')).toEqual({ value: NaN, marks: 0, pair: 'ac' })
    expect(cell(grid, 'a', 'a')).toEqual({ value: NaN, marks: mark.self, pair: 'aa' })
    expect(cell(grid, 'b', 'a')).toEqual({ value: 0.5, marks: mark.measured | mark.loss, pair: 'ba' })
  })

  it('say what is stale and what is suspect', () => {
    const flag = (at: number) => clean.map((row, i) => row.map((_, j) => (i * 3 + j === at ? 1 : 0)))
    const grid = folded(matrix({ loss: clean, stale: flag(1), suspect: flag(2) }))
    expect(cell(grid, 'a', 'b').marks).toBe(mark.measured | mark.stale)
    expect(cell(grid, 'a', 'c').marks).toBe(mark.measured | mark.suspect)
  })

  it('keep the mark of loss whatever they are coloured by', () => {
    const rtt = clean.map((row) => row.map(() => null))
    const grid = folded(matrix({ loss: [[null, 1, 0], clean[1]!, clean[2]!], rtt_p50: rtt }), {}, 'rtt_p50')
    expect(cell(grid, 'a', 'b')).toEqual({ value: NaN, marks: mark.measured | mark.loss, pair: 'ab' })
  })

  it('follow the order of rows and columns', () => {
    const data = matrix({
      loss: [
        [null, 0.1, 0.2],
        [0.3, null, 0.4],
        [0.5, 0.6, null],
      ],
    })
    const lines = arrange(plain, data, probes)
    lines.rows.reverse()
    const grid = new Folding().fold(data, 'loss', lines)
    expect(cell(grid, 'c', 'a').value).toBeCloseTo(0.5)
    expect(cell(grid, 'a', 'c').value).toBeCloseTo(0.2)
  })
})

describe('folded cells', () => {
  it('show the worst pair, so that nothing red is averaged away', () => {
    const grid = folded(matrix({ loss: [[null, 0, 0], [0, null, 0.9], clean[2]!] }), { by: ['region'] })
    expect(cell(grid, 'eu', 'us')).toEqual({ value: Math.fround(0.9), marks: mark.measured | mark.loss, pair: 'bc' })
    expect(cell(grid, 'us', 'eu')).toMatchObject({ value: 0, marks: mark.measured })
    expect(cell(grid, 'us', 'us')).toEqual({ value: NaN, marks: mark.self, pair: 'cc' })
    expect(cell(folded(matrix({ loss: clean.map((row) => row.map(() => null)) }), { by: ['region'] }), 'eu', 'us')).toEqual({
      value: NaN,
      marks: 0,
      pair: null,
    })
  })

  it('keep the mark of a pair that loses, also where another one is slower', () => {
    const rtt = [
      [null, 1, 5],
      [1, null, null],
      [1, 1, null],
    ]
    const grid = folded(matrix({ loss: [[null, 0, 0], [0, null, 1], clean[2]!], rtt_p50: rtt }), { by: ['region'] }, 'rtt_p50')
    expect(cell(grid, 'eu', 'us')).toEqual({ value: 5, marks: mark.measured | mark.loss, pair: 'ac' })
  })

  it('show what is stale only where there is nothing newer', () => {
    const stale = [
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 0],
    ]
    const loss = [[null, 0, 0], [0, null, 1], clean[2]!]
    expect(cell(folded(matrix({ loss, stale }), { by: ['region'] }), 'eu', 'us')).toEqual({
      value: 0,
      marks: mark.measured,
      pair: 'ac',
    })
    const allStale = [
      [0, 0, 1],
      [0, 0, 1],
      [0, 0, 0],
    ]
    expect(cell(folded(matrix({ loss, stale: allStale }), { by: ['region'] }), 'eu', 'us')).toEqual({
      value: 1,
      marks: mark.measured | mark.stale | mark.loss,
      pair: 'bc',
    })
  })

  it('are the same in whichever order the probes stand', () => {
    let seed = 7
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
    for (let round = 0; round < 100; round++) {
      const some = (make: () => number | null) => clean.map((row) => row.map(make))
      const data = matrix({
        loss: some(() => (random() < 0.3 ? null : Math.round(random() * 3) / 4)),
        stale: some(() => (random() < 0.3 ? 1 : 0)),
      })
      const lines = arrange({ ...plain, by: ['region'] }, data, probes)
      const turned = {
        rows: lines.rows.map((line) => ({ ...line, members: line.members.slice().reverse() })),
        columns: lines.columns.map((line) => ({ ...line, members: line.members.slice().reverse() })),
      }
      const one = new Folding().fold(data, 'loss', lines)
      const other = new Folding().fold(data, 'loss', turned)
      expect(other.values).toEqual(one.values)
      expect(other.marks).toEqual(one.marks)
    }
  })
})

describe('a live update', () => {
  it('makes rows again that have changed, and folds that they are in', () => {
    const data = matrix({ loss: clean }, { changedAt: Int32Array.of(1, 1, 1) })
    const lines = arrange({ ...plain, by: ['region'], open: ['eu', 'us'] }, data, probes)
    const folding = new Folding()
    const before = folding.fold(data, 'loss', lines)
    data.metrics.get('loss')!.fill(0.5)
    const after = folding.fold({ ...data, version: 2, changedAt: Int32Array.of(1, 2, 1) }, 'loss', lines)
    expect(cell(after, 'b', 'c').value).toBe(0.5)
    expect(cell(after, 'eu', 'us').value).toBe(0.5)
    expect(cell(after, 'a', 'c').value).toBe(0)
    expect(cell(after, 'us', 'eu').value).toBe(0)
    expect(after.version).toBeGreaterThan(before.version)
    expect(after).not.toBe(before)
  })

  it('makes everything again where it is not said what has changed, or where other numbers are shown', () => {
    const data = matrix({ loss: clean, rtt_p50: clean }, { changedAt: Int32Array.of(1, 1, 1) })
    const lines = arrange(plain, data, probes)
    const folding = new Folding()
    folding.fold(data, 'loss', lines)
    data.metrics.get('loss')!.fill(0.5)
    data.metrics.get('rtt_p50')!.fill(7)
    expect(cell(folding.fold(data, 'rtt_p50', lines), 'a', 'b').value).toBe(7)
    expect(cell(folding.fold({ ...data, changedAt: undefined, version: 2 }, 'loss', lines), 'a', 'b').value).toBe(0.5)
  })

  it('does not lose a row when versions are passed over', () => {
    const data = matrix({ loss: clean }, { changedAt: Int32Array.of(1, 1, 1) })
    const lines = arrange(plain, data, probes)
    const folding = new Folding()
    folding.fold(data, 'loss', lines)
    data.metrics.get('loss')!.fill(0.5)
    const grid = folding.fold({ ...data, version: 4, changedAt: Int32Array.of(2, 1, 4) }, 'loss', lines)
    expect(cell(grid, 'a', 'b').value).toBe(0.5)
    expect(cell(grid, 'b', 'a').value).toBe(0)
    expect(cell(grid, 'c', 'a').value).toBe(0.5)
  })
})

describe('the difference from the last 24 hours', () => {
  const rtt = [
    [null, 30, 10],
    [10, null, 10],
    [10, 10, null],
  ]

  it('is that of the pair itself, and unknown without a baseline for it', () => {
    const baseline = Float32Array.of(NaN, 10, NaN, 15, NaN, 10, 10, 10, NaN)
    const grid = folded(matrix({ loss: clean, rtt_p50: rtt }, { baseline }), {}, 'baseline')
    expect(cell(grid, 'a', 'b').value).toBe(20)
    expect(cell(grid, 'b', 'a').value).toBe(-5)
    expect(cell(grid, 'a', 'c')).toMatchObject({ value: NaN, marks: mark.measured })
  })

  it('is none within what percentiles are known to', () => {
    const near = [
      [null, 62_128_128, 61_603_840],
      [10, null, 10],
      [10, 10, null],
    ]
    const baseline = Float32Array.of(NaN, 61_603_840, 62_128_128, 10, NaN, 10, 10, 10, NaN)
    const grid = folded(matrix({ loss: clean, rtt_p50: near }, { baseline }), {}, 'baseline')
    expect(cell(grid, 'a', 'b').value).toBe(0)
    expect(cell(grid, 'a', 'c').value).toBe(0)
  })

  it('is unknown while it is not loaded', () => {
    expect([...valuesOf(matrix({ loss: clean, rtt_p50: rtt }), 'baseline')].every(Number.isNaN)).toBe(true)
  })
})

describe('badness', () => {
  it('is the mean of what is shown, without what is stale or unknown', () => {
    const data = matrix({
      loss: [
        [null, 0, 0.5],
        [null, null, 0.5],
        [1, 0, null],
      ],
      stale: [
        [0, 0, 0],
        [0, 0, 0],
        [1, 0, 0],
      ],
    })
    const bad = badnessOf(data, valuesOf(data, 'loss'), arrange(plain, data, probes))
    expect([...bad.sources]).toEqual([0.25, 0.5, 0])
    expect([...bad.destinations]).toEqual([NaN, 0, 0.5])
  })

  it('counts only what the filter leaves', () => {
    const data = matrix({
      loss: [
        [null, 0, 0.5],
        [0, null, 0],
        [0, 0, null],
      ],
    })
    const bad = badnessOf(data, valuesOf(data, 'loss'), arrange({ ...plain, filter: 'to:c' }, data, probes))
    expect([...bad.sources]).toEqual([0.5, 0, NaN])
  })
})
