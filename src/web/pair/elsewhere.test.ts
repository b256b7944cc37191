import { describe, expect, it } from 'vitest'
import { elsewhere, suspicionOf, type LossMatrix, type Tags } from './elsewhere'

const names = ['ams1', 'ams2', 'fra1', 'iad1', 'iad2', 'pdx1']
const tagsOf = (name: string): Tags | undefined => ({ site: name.slice(0, 3), region: name < 'g' ? 'eu' : 'us' })

function matrix(
  loss: (source: string, destination: string) => number,
  stale: (source: string) => boolean = () => false,
): LossMatrix {
  const size = names.length
  const cells = Float32Array.from({ length: size * size }, (_, cell) => {
    const [source, destination] = [names[Math.floor(cell / size)]!, names[cell % size]!]
    return source === destination ? NaN : loss(source, destination)
  })
  const old = Float32Array.from({ length: size * size }, (_, cell) => Number(stale(names[Math.floor(cell / size)]!)))
  return { sources: names, destinations: names, loss: cells, stale: old }
}

const look = (data: LossMatrix) => elsewhere(data, 'ams1', 'iad1', tagsOf, [])

describe('what else failed', () => {
  it('counts every other measured pair in one place', () => {
    const found = look(matrix(() => 0.1))
    const counts = [found.sameSource, found.sameDestination, found.reverse, found.sameSites!, found.rest].map(
      (share) => share.measured,
    )
    expect(counts).toEqual([4, 4, 1, 1, 19])
    expect(found.sites).toEqual({ tag: 'site', source: 'ams', destination: 'iad' })
  })

  it('leaves out what is stale or was not measured, and does not take it for whole', () => {
    const found = look(
      matrix(
        (_, destination) => (destination === 'pdx1' ? NaN : 0),
        (source) => source === 'fra1',
      ),
    )
    expect(found.sameSource).toMatchObject({ measured: 3, lossy: 0 })
    expect(found.sameDestination).toMatchObject({ measured: 3, lossy: 0 })
  })

  it('names the worst first', () => {
    const found = look(matrix((source, destination) => (destination === 'iad1' ? names.indexOf(source) / 10 : 0)))
    expect(found.sameDestination.worst.map((pair) => pair.source)).toEqual(['pdx1', 'iad2', 'fra1', 'ams2'])
  })

  it('goes by the innermost tag that both have, and by none where there is none', () => {
    const region = elsewhere(
      matrix(() => 0),
      'ams1',
      'iad1',
      (name) => ({ region: tagsOf(name)!.region! }),
      ['region'],
    )
    expect(region.sites).toEqual({ tag: 'region', source: 'eu', destination: 'us' })
    expect(
      elsewhere(
        matrix(() => 0),
        'ams1',
        'iad1',
        () => undefined,
        ['region'],
      ).sameSites,
    ).toBeNull()
  })
})

describe('what it points at', () => {
  const suspicion = (loss: (source: string, destination: string) => number) => suspicionOf(look(matrix(loss)))

  it('is what most of a kind have in common', () => {
    expect(suspicion((_, destination) => (destination === 'iad1' ? 0.1 : 0))).toBe('destination')
    expect(suspicion((source) => (source === 'ams1' ? 0.1 : 0))).toBe('source')
    expect(suspicion((source, destination) => (source === 'ams1' || destination === 'iad1' ? 0.1 : 0))).toBe('ends')
    expect(suspicion((source, destination) => (source.startsWith('ams') && destination.startsWith('iad') ? 0.1 : 0))).toBe(
      'sites',
    )
    expect(suspicion((source, destination) => (source === 'iad1' && destination === 'ams1' ? 0.1 : 0))).toBe('pair')
    expect(suspicion(() => 0.1)).toBe('everywhere')
  })

  it('is nothing where others lose without a pattern, or do not lose, or are not there', () => {
    expect(suspicion((source, destination) => (source === 'fra1' && destination === 'pdx1' ? 0.1 : 0))).toBe('scattered')
    expect(suspicion(() => 0)).toBe('alone')
    expect(suspicion(() => NaN)).toBeNull()
  })
})
