import { describe, expect, it } from 'vitest'
import { allPaths, arrange, isSameOrder, pathOf, pathsOf, type Arrangement } from './order'

const probe = (tags: Record<string, string>) => ({ address: '', tags })
const probes = new Map([
  ['p10', probe({ region: 'eu', site: 'fra' })],
  ['p2', probe({ region: 'eu', site: 'ams' })],
  ['p1', probe({ region: 'us', site: 'pdx' })],
])
const names = { sources: ['p10', 'p2', 'p1', 'lab/x'], destinations: ['p1', 'p2', 'p10'] }
const plain: Arrangement = { by: [], open: [], sort: 'name', filter: '' }
const labels = (asked: Partial<Arrangement>, bad?: { sources: Float64Array; destinations: Float64Array }) =>
  arrange({ ...plain, ...asked }, names, probes, bad).rows.map((line) => '  '.repeat(line.depth) + line.label)

describe('rows and columns', () => {
  it('are sorted by name, numbers by their value', () => {
    expect(labels({})).toEqual(['lab/x', 'p1', 'p2', 'p10'])
    expect(arrange(plain, names, probes).columns.map((line) => line.label)).toEqual(['p1', 'p2', 'p10'])
  })

  it('know where their probes stand in the data', () => {
    const { rows } = arrange(plain, names, probes)
    expect(rows.map((line) => names.sources[line.members[0]!])).toEqual(rows.map((line) => line.label))
  })

  it('are sorted by a tag, those without it last, and then by name', () => {
    expect(labels({ sort: 'tag:region' })).toEqual(['p2', 'p10', 'p1', 'lab/x'])
  })

  it('are sorted by badness, unknown last, and then by name', () => {
    const bad = { sources: Float64Array.of(0.1, 0.1, 0.5, NaN), destinations: new Float64Array(3) }
    expect(labels({ sort: 'bad' }, bad)).toEqual(['p1', 'p2', 'p10', 'lab/x'])
  })

  it('are folded by a tag, those without it last', () => {
    const { rows } = arrange({ ...plain, by: ['region'] }, names, probes)
    expect(rows.map((line) => [line.label, line.kind, line.count])).toEqual([
      ['eu', 'fold', 2],
      ['us', 'fold', 1],
      ['no region', 'fold', 1],
    ])
    expect(Array.from(rows[0]!.members, (place) => names.sources[place])).toEqual(['p2', 'p10'])
  })

  it('show what is in a fold below it when it is open', () => {
    expect(labels({ by: ['region', 'site'], open: ['eu', 'eu/fra'] })).toEqual([
      'eu',
      '  ams',
      '  fra',
      '    p10',
      'us',
      'no region',
    ])
  })

  it('open by the paths they give, also those without a tag', () => {
    const { rows } = arrange({ ...plain, by: ['region'] }, names, probes)
    const open = rows.map((line) => pathOf(line)!)
    expect(labels({ by: ['region'], open })).toEqual(['eu', '  p2', '  p10', 'us', '  p1', 'no region', '  lab/x'])
  })

  it('have folds in the order of their badness', () => {
    const bad = { sources: Float64Array.of(0, 0.2, 0.5, NaN), destinations: new Float64Array(3) }
    expect(labels({ by: ['region'], open: ['eu'], sort: 'bad' }, bad)).toEqual(['us', 'eu', '  p2', '  p10', 'no region'])
  })

  it('have keys of their own each, whatever names and tags contain', () => {
    const nasty = ['eu', '/eu', '=eu', 'a/b', 'a%2Fb']
    const tagged = new Map(nasty.map((name, i) => [name, probe({ region: nasty[nasty.length - 1 - i]! })]))
    for (const open of [[], nasty.map((value) => encodeURIComponent(value))]) {
      const { rows } = arrange({ ...plain, by: ['region'], open }, { sources: nasty, destinations: [] }, tagged)
      expect(rows).toHaveLength(open.length ? 10 : 5)
      expect(new Set(rows.map((line) => line.key)).size).toBe(rows.length)
    }
  })

  it('leave out what the filter does not fit, and folds that are empty then', () => {
    expect(labels({ by: ['region'], filter: 'fra' })).toEqual(['eu'])
    expect(arrange({ ...plain, filter: 'from:p2' }, names, probes).columns).toHaveLength(3)
  })

  it('take tags with the names of what every object has as any others', () => {
    expect(labels({ by: ['constructor', '__proto__'] })).toEqual(['no constructor'])
    expect(labels({ filter: 'toString=x' })).toEqual([])
  })

  it('are known again as long as nothing has changed', () => {
    const asked = { ...plain, by: ['region'], open: ['eu'] }
    const lines = arrange(asked, names, probes)
    expect(isSameOrder(lines, arrange(asked, names, probes))).toBe(true)
    expect(isSameOrder(lines, arrange({ ...asked, open: [] }, names, probes))).toBe(false)
    const moved = new Map(probes).set('p1', probe({ region: 'eu' }))
    expect(isSameOrder(lines, arrange(asked, names, moved))).toBe(false)
  })

  it('say in which folds a probe is', () => {
    expect(pathsOf('p2', ['region', 'site'], probes)).toEqual(['eu', 'eu/ams'])
    expect(allPaths(names.sources, ['region', 'site'], probes, 100)).toContain('us/pdx')
    expect(allPaths(names.sources, ['region', 'site'], probes, 2)).toBeNull()
  })
})
