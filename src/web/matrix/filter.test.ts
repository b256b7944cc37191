import { describe, expect, it } from 'vitest'
import type { KnownProbe, KnownProbes } from '../state/known'
import { filterOf, suggestionsOf, wordFor } from './filter'

const probes: KnownProbes = new Map<string, KnownProbe>([
  ['ams1', { address: '192.0.2.1', tags: { site: 'ams', region: 'eu' } }],
  ['fra1', { address: '192.0.2.2', tags: { site: 'fra', region: 'eu' } }],
  ['pdx1', { address: '198.51.100.7', tags: { site: 'pdx', region: 'us west' } }],
  ['lab/x.*', { address: '2001:db8::1', tags: {} }],
])
const names = [...probes.keys()]
const rows = (text: string) => names.filter(filterOf(text, probes).row)
const columns = (text: string) => names.filter(filterOf(text, probes).column)

describe('a filter', () => {
  it('without words shows everything', () => {
    expect(rows('  ')).toEqual(names)
    expect(filterOf(' ', probes).isEmpty).toBe(true)
  })

  it('fits names, addresses and values of tags, in any case of letters', () => {
    expect(rows('AMS')).toEqual(['ams1'])
    expect(rows('192.0.2.')).toEqual(['ams1', 'fra1'])
    expect(rows('EU')).toEqual(['ams1', 'fra1'])
  })

  it('fits the whole value of a tag, and those without the tag', () => {
    expect(rows('region=eu')).toEqual(['ams1', 'fra1'])
    expect(rows('region=e')).toEqual([])
    expect(rows('region="us west"')).toEqual(['pdx1'])
    expect(rows('region=')).toEqual(['lab/x.*'])
  })

  it('wants all words to fit', () => {
    expect(rows('region=eu fra')).toEqual(['fra1'])
  })

  it('takes patterns as text', () => {
    expect(rows('.*')).toEqual(['lab/x.*'])
    expect(rows('(')).toEqual([])
  })

  it('goes for one side alone when asked to', () => {
    expect(rows('from:ams1')).toEqual(['ams1'])
    expect(columns('from:ams1')).toEqual(names)
    expect(columns('to:region=eu')).toEqual(['ams1', 'fra1'])
    expect(rows('to:region=eu')).toEqual(names)
  })

  it('suggests words that fit something', () => {
    const words = suggestionsOf(probes, names, 100)
    expect(words).toContain('region="us west"')
    for (const word of words) expect(rows(word), word).not.toEqual([])
    expect(suggestionsOf(probes, names, 2)).toHaveLength(2)
  })

  it('takes a quote that is left open as closed at the end', () => {
    expect(rows('region="us w')).toEqual([])
    expect(rows('"us west')).toEqual(['pdx1'])
  })

  it.each(['two words', 'a=b', 'plain', 'ü 🦙'])('finds %s again by the word that is made for it', (name) => {
    const own = new Map([[name, { address: '', tags: {} }]])
    const filter = filterOf(`from:${wordFor(name)}`, own)
    expect(filter.row(name)).toBe(true)
    expect(filter.row('other')).toBe(false)
  })
})
