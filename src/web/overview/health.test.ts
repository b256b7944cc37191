import { describe, expect, it } from 'vitest'
import type { GroupOverview, WorstPair } from '../api/types'
import { groupHealth, worstFirst } from './health'

const fine: GroupOverview = {
  name: 'wan',
  probes: 10,
  reporting: 10,
  silent: [],
  silent_count: 0,
  pairs_expected: 90,
  pairs_measured: 90,
  pairs_lossy: 0,
  pairs_suspect: 0,
  pairs_stale: 0,
  sent: 9000,
  lost: 0,
  loss: 0,
  newest: '2026-11-22T12:00:00Z',
  worst: [],
}

const losing = (loss: number): WorstPair => ({
  source: 'a',
  destination: 'b',
  class: 0,
  class_name: 'CS0',
  loss,
  loss_forward: null,
  loss_reverse: null,
  suspect: false,
})

describe('the health of a group', () => {
  it.each([
    ['Healthy', 'good', {}],
    ['No probes', 'unknown', { probes: 0, reporting: 0, pairs_expected: 0, pairs_measured: 0, loss: null }],
    ['No results', 'unknown', { reporting: 0, pairs_measured: 0, loss: null }],
    ['All stale', 'bad', { reporting: 0, pairs_measured: 0, pairs_stale: 90, loss: null }],
    ['No reports', 'bad', { reporting: 0, silent_count: 10, pairs_measured: 0 }],
    ['Some loss', 'warn', { pairs_lossy: 2, worst: [losing(0.03)] }],
    ['Losing', 'bad', { pairs_lossy: 1, worst: [losing(0.5)] }],
    ['Losing', 'bad', { pairs_lossy: 9, worst: [losing(0.03)] }],
    ['Silent probes', 'warn', { reporting: 9, silent: ['x'], silent_count: 1, pairs_lossy: 1, worst: [losing(0.03)] }],
    ['Not all measured', 'warn', { pairs_measured: 80 }],
  ] as const)('is "%s"', (words, grade, change) => {
    expect(groupHealth({ ...fine, ...change } as GroupOverview)).toEqual({ grade, words })
  })

  it('puts the worst group first', () => {
    const groups = [
      { ...fine, name: 'g10' },
      { ...fine, name: 'g9' },
      { ...fine, name: 'down', reporting: 0, silent_count: 10, loss: null },
      { ...fine, name: 'new', pairs_measured: 0 },
      { ...fine, name: 'lossy', pairs_lossy: 50, loss: 0.1, worst: [losing(0.2)] },
    ]
    expect(worstFirst(groups).map((group) => group.name)).toEqual(['lossy', 'down', 'new', 'g9', 'g10'])
  })
})
