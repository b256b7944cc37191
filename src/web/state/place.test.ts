import { describe, expect, it } from 'vitest'
import { link, parse } from './place'

describe('a place', () => {
  it('comes back from its link, whatever its names contain', () => {
    const place = {
      ...parse('#/pair'),
      group: 'wan/a,b&c',
      at: 1795348800000,
      by: ['region', 'a,b'],
      open: ['eu/ams%2F1', 'us'],
      filter: 'site=ams1 ✓',
      source: '<b>"x"</b>',
      destination: 'lab/ü?#',
    }
    expect(parse(link(place))).toEqual(place)
  })

  it('leaves defaults out of its link', () => {
    expect(link(parse(''))).toBe('#/matrix')
  })

  it('takes what it does not understand as not there', () => {
    expect(parse('#/nowhere?at=yesterday&hours=-1&colour=pink&by=%')).toEqual(parse(''))
  })
})
