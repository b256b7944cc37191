import { describe, expect, it } from 'vitest'
import { csvOf } from './csv'
import { Folding } from './fold'
import type { MatrixData } from './model'
import { arrange } from './order'

const data: MatrixData = {
  group: 'g',
  class: 0,
  classes: [0],
  sources: ['a', 'b, c'],
  destinations: ['a', 'b, c'],
  metrics: new Map([
    ['loss', Float32Array.of(NaN, 0.075, 0, NaN)],
    ['rtt_p50', Float32Array.of(NaN, NaN, 61_603_840, NaN)],
    ['stale', Float32Array.of(0, 1, 0, 0)],
  ]),
  baseline: null,
  at: 0,
  isLive: true,
  version: 1,
}
const probes = new Map(data.sources.map((name) => [name, { address: '', tags: { region: 'eu' } }]))
const written = (by: string[], from = data) => {
  const lines = arrange({ by, open: [], sort: 'name', filter: '' }, from, probes)
  return [...csvOf(new Folding().fold(from, 'loss', lines), from)].join('').split('\r\n')
}

describe('the table', () => {
  it('has a line for each pair that was measured, and nothing for what was not', () => {
    expect(written([])).toEqual([
      'source,destination,loss,rtt_p50,stale',
      'a,"b, c",0.075,,true',
      '"b, c",a,0,61603840,false',
      '',
    ])
  })

  it('has the worst pair of what is folded', () => {
    expect(written(['region'])).toEqual([
      'row,column,pairs,source,destination,loss,rtt_p50,stale',
      'eu,eu,4,"b, c",a,0,61603840,false',
      '',
    ])
  })

  it('has the baseline where it is loaded', () => {
    const [head, first] = written([], { ...data, baseline: Float32Array.of(NaN, 5, 6, NaN) })
    expect(head).toBe('source,destination,loss,rtt_p50,stale,rtt_p50_of_24h')
    expect(first).toBe('a,"b, c",0.075,,true,5')
  })
})
