import { describe, expect, it } from 'vitest'
import type { MatrixData } from './model'
import { joinCommand, reasonOf, type Circumstances } from './nothing'

const usual: Circumstances = {
  status: 'live',
  problem: null,
  data: null,
  groups: ['wan'],
  group: null,
  at: null,
  filter: '',
  rows: 2,
  columns: 2,
}

function matrix(sources: string[], loss: number[], isLive = true): MatrixData {
  return {
    group: 'wan',
    class: null,
    classes: [],
    sources,
    destinations: sources,
    metrics: new Map([['loss', Float32Array.from(loss)]]),
    baseline: null,
    at: 7,
    isLive,
    version: 1,
  }
}

describe('a page without a matrix', () => {
  it('shows the matrix where there is one', () => {
    expect(reasonOf({ ...usual, data: matrix(['a', 'b'], [NaN, 0, NaN, NaN]) })).toBeNull()
    expect(reasonOf({ ...usual, status: 'lost', data: matrix(['a', 'b'], [NaN, 0, NaN, NaN]) })).toBeNull()
  })

  it('tells a server without probes from one that does not answer', () => {
    expect(reasonOf({ ...usual, status: 'refused', groups: [] })).toEqual({ kind: 'empty' })
    expect(reasonOf({ ...usual, status: 'lost', groups: [], problem: 'x' })).toEqual({ kind: 'unreachable', problem: 'x' })
    expect(reasonOf({ ...usual, status: 'loading', groups: [] })).toEqual({ kind: 'loading' })
  })

  it('says of a group that there is none of its name, and of any other refusal what the server says', () => {
    expect(reasonOf({ ...usual, status: 'refused', group: 'wam' })).toEqual({ kind: 'unknownGroup', group: 'wam' })
    expect(reasonOf({ ...usual, status: 'refused', group: 'wan', problem: 'x' })).toEqual({ kind: 'refused', problem: 'x' })
  })

  it('says of a moment that nothing is kept of it', () => {
    expect(reasonOf({ ...usual, status: 'refused', at: 7, problem: 'no history' })).toEqual({
      kind: 'noMoment',
      at: 7,
      problem: 'no history',
    })
    expect(reasonOf({ ...usual, status: 'past', at: 7, data: matrix([], [], false) })).toMatchObject({ kind: 'noMoment', at: 7 })
  })

  it('tells one probe from several that have not reported yet', () => {
    expect(reasonOf({ ...usual, data: matrix(['a'], [NaN]) })).toEqual({ kind: 'alone', name: 'a', group: 'wan' })
    expect(reasonOf({ ...usual, data: matrix(['a', 'b'], [NaN, NaN, NaN, NaN]) })).toMatchObject({ kind: 'waiting', probes: 2 })
  })

  it('says when it is the filter', () => {
    expect(reasonOf({ ...usual, data: matrix(['a', 'b'], [NaN, 0, NaN, NaN]), filter: 'x', rows: 0 })).toEqual({
      kind: 'filtered',
      filter: 'x',
    })
  })
})

describe('the command that joins a host', () => {
  it('names the server as the reader reaches it', () => {
    expect(joinCommand('http://192.0.2.1:5000/#/matrix?group=x', 'default')).toBe('llama probe --server http://192.0.2.1:5000')
    expect(joinCommand('https://net.example/llama/', null)).toBe('llama probe --server https://net.example/llama')
  })

  it('quotes what a shell would read otherwise', () => {
    expect(joinCommand('http://a/', 'wan')).toBe('llama probe --server http://a --group wan')
    expect(joinCommand('http://a/', "x'; rm -rf $HOME")).toBe(`llama probe --server http://a --group 'x'\\''; rm -rf $HOME'`)
  })
})
