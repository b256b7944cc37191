import { describe, expect, it } from 'vitest'
import { hopsOf, pathChanges } from './path'
import { trackMetrics, type Track } from './track'

function track(columns: Partial<Track['columns']>): Track {
  const at = [0, 60, 120, 180]
  const all = {} as Track['columns']
  for (const metric of trackMetrics) all[metric] = columns[metric] ?? at.map(() => NaN)
  return { at, lengths: at.map(() => 60), columns: all }
}

describe('the path', () => {
  it('counts hops from what systems send with', () => {
    expect([64, 55, 120, 250, NaN].map(hopsOf)).toEqual([0, 9, 8, 5, NaN])
  })

  it('tells a change of its length once, also across a gap', () => {
    expect(pathChanges(track({ forward_ttl: [60, NaN, 58, 58], reverse_ttl: [60, 60, 60, 60] }), 0)).toEqual([
      { at: 120, way: 'there', kind: 'hops', before: 4, after: 6 },
    ])
  })

  it('tells when re-marking begins and ends', () => {
    const changes = pathChanges(track({ reverse_remarked: [0, 5, 7, 0], reverse_tos: [184, 0, 0, 184] }), 184)
    expect(changes.map(({ at, way, kind, before, after }) => [at, way, kind, before, after])).toEqual([
      [180, 'back', 'unmarked', 184, 184],
      [60, 'back', 'remarked', 184, 0],
    ])
  })

  it('tells of a length that changes within a step', () => {
    expect(pathChanges(track({ forward_ttl: [60, 60, 60, 60], forward_ttl_changes: [0, 9, 0, 0] }), 0)).toEqual([
      { at: 60, way: 'there', kind: 'unsteady', before: 4, after: 9 },
    ])
  })

  it('says nothing where nothing was measured', () => {
    expect(pathChanges(track({}), 0)).toEqual([])
  })
})
