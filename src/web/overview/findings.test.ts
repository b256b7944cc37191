import { describe, expect, it } from 'vitest'
import type { PairMetric } from '../api/types'
import type { MatrixData } from '../matrix/model'
import { filterOf } from '../matrix/filter'
import { explain, filterFor } from './findings'
import type { Tags } from './scan'

type Cell = { loss: number; forward?: number; stale?: boolean; suspect?: boolean }

/** A mesh of `count` probes p0, p1, ... in which a pair is as `cell` says; null is not measured. */
function mesh(count: number, cell: (source: number, destination: number) => Cell | number | null): MatrixData {
  const names = Array.from({ length: count }, (_, i) => `p${i}`)
  const metric = () => new Float32Array(count * count).fill(NaN)
  const metrics = new Map<PairMetric, Float32Array>()
  for (const name of ['loss', 'loss_forward', 'loss_reverse', 'stale', 'suspect'] as const) metrics.set(name, metric())
  for (let i = 0; i < count * count; i++) {
    const source = Math.floor(i / count)
    const destination = i % count
    const given = source === destination ? null : cell(source, destination)
    if (given === null) continue
    const { loss, forward, stale = false, suspect = false } = typeof given === 'number' ? { loss: given } : given
    metrics.get('loss')![i] = loss
    metrics.get('loss_forward')![i] = forward ?? NaN
    metrics.get('loss_reverse')![i] = forward === undefined ? NaN : loss - forward
    metrics.get('stale')![i] = stale ? 1 : 0
    metrics.get('suspect')![i] = suspect ? 1 : 0
  }
  const data = { group: 'wan', class: 0, classes: [0], sources: names, destinations: names, metrics, baseline: null }
  return { ...data, at: 1795348800000, isLive: true, version: 1 }
}

/** Probes in sites of `size`, and half of the sites in each of two regions. */
function sites(count: number, size: number): Tags {
  const last = Math.ceil(count / size)
  return new Map(
    Array.from({ length: count }, (_, i) => {
      const site = Math.floor(i / size)
      return [`p${i}`, { tags: { site: `s${site}`, region: site < last / 2 ? 'east' : 'west' } }]
    }),
  )
}

const none: Tags = new Map()

function random(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
}

describe('what explains the loss', () => {
  it('is nothing where nothing is lost', () => {
    expect(
      explain(
        mesh(8, () => 0),
        none,
      ),
    ).toEqual({ found: [], pairs: 56, lossy: 0, suspect: 0, stale: 0, isSuspect: false, others: 0 })
  })

  it('is nothing where nothing was measured', () => {
    expect(
      explain(
        mesh(3, () => null),
        none,
      ),
    ).toMatchObject({ found: [], pairs: 0, lossy: 0 })
  })

  it('is the destination that most lossy pairs have', () => {
    const data = mesh(13, (s, d) => (d === 5 ? 0.02 + s / 1000 : (s === 1 && d === 2) || (s === 7 && d === 3) ? 0.02 : 0))
    const { found, lossy, others } = explain(data, none)
    expect(lossy).toBe(14)
    expect(others).toBe(2)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ kind: 'destination', source: null, destination: { probe: 'p5' }, lossy: 12, pairs: 12 })
    expect(found[0]!.worst).toMatchObject({ source: 'p12', destination: 'p5' })
  })

  it('finds any probe, as source, destination or both, at any size and through scattered loss', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const next = random(seed)
      const count = 6 + Math.floor(next() * 40)
      const bad = Math.floor(next() * count)
      const kind = (['source', 'destination', 'either'] as const)[seed % 3]!
      const strength = 0.05 + next() * 0.9
      const isBad = (s: number, d: number) => (kind !== 'destination' && s === bad) || (kind !== 'source' && d === bad)
      const data = mesh(count, (s, d) => (isBad(s, d) ? strength * (0.5 + next() / 2) : next() < 0.02 ? 0.01 : 0))
      const first = explain(data, sites(count, 3)).found[0]
      const probe = { probe: `p${bad}` }
      expect(first, `seed ${seed}`).toMatchObject({
        kind,
        source: kind === 'destination' ? null : probe,
        destination: kind === 'destination' ? probe : null,
      })
      expect(first!.share).toBeGreaterThan(0.5)
    }
  })

  it('finds any two sites that lose datagrams between them, and the direction', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const next = random(seed)
      const count = 20
      const [a, b] = [Math.floor(next() * 5), 5 + Math.floor(next() * 5)].sort(() => next() - 0.5) as [number, number]
      const [x, y] = [`s${a}`, `s${b}`]
      const site = (i: number) => Math.floor(i / 2)
      // Lost is what goes from a to b: datagrams from there, and replies to what came from b.
      const cell = (s: number, d: number) =>
        site(s) === a && site(d) === b
          ? { loss: 0.3, forward: 0.3 }
          : site(s) === b && site(d) === a
            ? { loss: 0.3, forward: 0 }
            : { loss: 0, forward: 0 }
      const { found } = explain(mesh(count, cell), sites(count, 2))
      expect(found).toHaveLength(1)
      expect(found[0]).toMatchObject({ kind: 'between', lossy: 8, pairs: 8, share: 1 })
      expect(found[0]!.way).toEqual({ from: { tag: 'site', value: x }, to: { tag: 'site', value: y } })
    }
  })

  it('names a site where all of it is bad, and a probe where the site is only that probe', () => {
    const site = explain(
      mesh(12, (_, d) => (d === 4 || d === 5 ? 0.1 : 0)),
      sites(12, 2),
    )
    expect(site.found[0]).toMatchObject({ kind: 'destination', destination: { tag: 'site', value: 's2' }, lossy: 22 })
    const probe = explain(
      mesh(12, (_, d) => (d === 4 ? 0.1 : 0)),
      sites(12, 1),
    )
    expect(probe.found[0]).toMatchObject({ kind: 'destination', destination: { probe: 'p4' } })
  })

  it('finds faults that have nothing to do with each other, and leaves none of one in the other', () => {
    const data = mesh(20, (s, d) => (d === 3 ? 0.5 : s === 8 ? 0.2 : 0))
    const { found, others } = explain(data, none)
    expect(found.map((one) => [one.kind, one.source ?? one.destination])).toEqual([
      ['destination', { probe: 'p3' }],
      ['source', { probe: 'p8' }],
    ])
    expect(others).toBe(0)
  })

  it('names each of two dead destinations of a small mesh', () => {
    const { found, others } = explain(
      mesh(4, (_, d) => (d >= 2 ? 1 : 0)),
      none,
    )
    expect(found.map((one) => one.destination)).toEqual([{ probe: 'p2' }, { probe: 'p3' }])
    expect(others).toBe(0)
  })

  it('is the pair where one pair alone loses nearly everything that is lost', () => {
    const few = new Set([20, 33, 71, 95])
    const data = mesh(12, (s, d) => (s === 1 && d === 7 ? 1 : few.has(s * 12 + d) ? 0.01 : 0))
    const { found } = explain(data, none)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ kind: 'pair', source: { probe: 'p1' }, destination: { probe: 'p7' }, lossy: 1, pairs: 1 })
  })

  it('is the column also when one pair of it loses much more than the others', () => {
    const { found } = explain(
      mesh(8, (s, d) => (d !== 6 ? 0 : s === 2 ? 1 : 0.025)),
      none,
    )
    expect(found[0]).toMatchObject({ kind: 'destination', destination: { probe: 'p6' }, lossy: 7 })
  })

  it('is mostly nothing where loss is scattered by chance, or the same everywhere', () => {
    let wrong = 0
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed)
      const share = 0.02 + next() * 0.3
      const data = mesh(12, () => (next() < share ? 0.01 + next() / 50 : 0))
      wrong += explain(data, sites(12, 3)).found.length > 0 ? 1 : 0
    }
    expect(wrong).toBeLessThan(20)
    expect(
      explain(
        mesh(12, () => 0.05),
        sites(12, 3),
      ).found,
    ).toEqual([])
  })

  it('leaves out stale and suspect pairs, and counts them', () => {
    const data = mesh(8, (s, d) =>
      s === 2 ? { loss: 1, stale: true } : s === 3 ? { loss: 1, suspect: true } : d === 5 ? 0.1 : 0,
    )
    const { found, pairs, lossy, stale, suspect } = explain(data, none)
    expect([pairs, lossy, stale, suspect]).toEqual([42, 5, 7, 7])
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ kind: 'destination', destination: { probe: 'p5' }, lossy: 5, pairs: 5 })
  })

  it('goes by suspect pairs where there is hardly anything else, and says so', () => {
    const data = mesh(8, (s, d) => ({ loss: d === 5 ? 0.1 : 0, suspect: s !== 2 }))
    const { found, pairs, suspect, isSuspect } = explain(data, none)
    expect([pairs, suspect, isSuspect]).toEqual([56, 49, true])
    expect(found[0]).toMatchObject({ kind: 'destination', destination: { probe: 'p5' }, lossy: 7 })
  })

  it('tells the way of a probe at either end: towards it, whoever asked', () => {
    const towards = mesh(9, (s, d) => (d === 4 ? { loss: 0.2, forward: 0.2 } : s === 4 ? { loss: 0.2, forward: 0 } : 0))
    expect(explain(towards, none).found[0]).toMatchObject({ kind: 'either', way: { from: null, to: { probe: 'p4' } } })
    const unknown = mesh(9, (s, d) => (d === 4 || s === 4 ? 0.2 : 0))
    expect(explain(unknown, none).found[0]).toMatchObject({ kind: 'either', way: null })
    const both = mesh(9, (_, d) => (d === 4 ? { loss: 0.2, forward: 0.1 } : 0))
    expect(explain(both, none).found[0]).toMatchObject({ kind: 'destination', way: null })
  })

  it('adds up: shares and counts stay within what there is', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const next = random(seed)
      const rows = Array.from({ length: 15 }, () => next() < 0.2)
      const columns = Array.from({ length: 15 }, () => next() < 0.2)
      const data = mesh(15, (s, d) =>
        next() < 0.1 ? null : { loss: rows[s] || columns[d] ? next() : 0, stale: next() < 0.1, suspect: next() < 0.1 },
      )
      const { found, lossy, pairs, others } = explain(data, sites(15, 4))
      expect(found.length).toBeLessThanOrEqual(4)
      expect(others).toBeLessThanOrEqual(lossy)
      for (const one of found) {
        expect(one.lossy).toBeLessThanOrEqual(Math.min(one.pairs, lossy))
        expect(one.pairs).toBeLessThanOrEqual(pairs)
        expect(one.share).toBeGreaterThan(0)
        expect(one.share).toBeLessThanOrEqual(1 + 1e-9)
        expect(one.worst.loss).toBeGreaterThanOrEqual(one.loss * (1 - 1e-6))
      }
    }
  })

  it('leads to the matrix with a filter that leaves the pairs it is about', () => {
    const tags = new Map(
      [...sites(12, 2)].map(([name, { tags: own }]) => [name, { address: '', tags: { 'the site': `nr ${own.site}` } }]),
    )
    const data = mesh(12, (s, d) => (Math.floor(s / 2) === 1 && Math.floor(d / 2) === 4 ? 0.2 : 0))
    const [finding] = explain(data, tags).found
    expect(finding).toMatchObject({ kind: 'block', pairs: 4 })
    const filter = filterOf(filterFor(finding!), tags)
    expect(data.sources.filter(filter.row)).toEqual(['p2', 'p3'])
    expect(data.destinations.filter(filter.column)).toEqual(['p8', 'p9'])
  })

  it('takes names and tags as they come', () => {
    const names = ['__proto__', 'constructor', '<script>', '', '\u202eevil', 'x/y', 'p6', 'p7']
    const data = { ...mesh(8, (_, d) => (d === 0 ? 0.2 : 0)), sources: names, destinations: names }
    const tags: Tags = new Map(
      names.map((name, i) => [name, { tags: JSON.parse(i < 6 ? `{"__proto__":"${i % 2}","constructor":"${i % 3}"}` : '{}') }]),
    )
    expect(explain(data, tags).found[0]).toMatchObject({ kind: 'destination', destination: { probe: '__proto__' } })
  })
})
