/** The loss of all pairs, row by row; NaN was not measured. */
export interface LossMatrix {
  sources: string[]
  destinations: string[]
  loss: ArrayLike<number>
  /** 1 where the result is from before the moment. */
  stale: ArrayLike<number> | null
}

/** A pair that loses. */
export interface LossyPair {
  source: string
  destination: string
  loss: number
}

/** Of some pairs, how many were measured at the moment and how many of these lost something; the worst of them first. */
export interface Share {
  measured: number
  lossy: number
  worst: LossyPair[]
}

/** What else failed when a pair did. Every other pair of the group counts in one place. */
export interface Elsewhere {
  sameSource: Share
  sameDestination: Share
  /** The same pair the other way round. */
  reverse: Share
  /** Other pairs from the source's site to the destination's; null where there are no such tags. */
  sameSites: Share | null
  /** Whose sites, and by which tag. */
  sites: { tag: string; source: string; destination: string } | null
  rest: Share
}

export type Tags = Record<string, string>

const mostWorst = 5

/** Looks at all pairs of a moment. Stale results say nothing about it and are left out. */
export function elsewhere(
  data: LossMatrix,
  source: string,
  destination: string,
  tagsOf: (name: string) => Tags | undefined,
  preferred: string[],
): Elsewhere {
  const { sources, destinations, loss, stale } = data
  const sites = sitesOf(tagsOf(source), tagsOf(destination), preferred)
  const isIn = (name: string, value: string) => sites !== null && tagsOf(name)?.[sites.tag] === value
  const fromSite = sources.map((name) => isIn(name, sites?.source ?? ''))
  const toSite = destinations.map((name) => isIn(name, sites?.destination ?? ''))
  const found: Elsewhere = {
    sameSource: empty(),
    sameDestination: empty(),
    reverse: empty(),
    sameSites: sites ? empty() : null,
    sites,
    rest: empty(),
  }
  const [row, column] = [sources.indexOf(source), destinations.indexOf(destination)]
  const [backRow, backColumn] = [sources.indexOf(destination), destinations.indexOf(source)]
  for (let from = 0; from < sources.length; from++) {
    for (let to = 0; to < destinations.length; to++) {
      const cell = from * destinations.length + to
      const value = loss[cell]!
      if (Number.isNaN(value) || stale?.[cell] === 1 || (from === row && to === column)) continue
      const share =
        from === row
          ? found.sameSource
          : to === column
            ? found.sameDestination
            : from === backRow && to === backColumn
              ? found.reverse
              : found.sameSites && fromSite[from] && toSite[to]
                ? found.sameSites
                : found.rest
      share.measured++
      if (value > 0) note(share, value, sources[from]!, destinations[to]!)
    }
  }
  return found
}

/** What the counts point at; null where there is nothing to compare with. */
export type Suspicion = 'alone' | 'source' | 'destination' | 'ends' | 'sites' | 'pair' | 'everywhere' | 'scattered' | null

/** Reads the counts: most of a kind lose, and clearly more of them than of the rest. */
export function suspicionOf(found: Elsewhere): Suspicion {
  const { sameSource, sameDestination, reverse, sameSites, rest } = found
  const shares = [sameSource, sameDestination, reverse, rest, ...(sameSites ? [sameSites] : [])]
  const measured = shares.reduce((sum, share) => sum + share.measured, 0)
  if (measured === 0) return null
  if (shares.every((share) => share.lossy === 0)) return 'alone'
  const usual = rate(rest)
  if (rest.measured >= 4 && usual >= 0.5) return 'everywhere'
  const isBad = (share: Share) => rate(share) >= 0.5 && rate(share) >= 2 * usual
  if (isBad(sameSource) && isBad(sameDestination)) return 'ends'
  if (isBad(sameDestination)) return 'destination'
  if (isBad(sameSource)) return 'source'
  if (sameSites && isBad(sameSites)) return 'sites'
  if (reverse.lossy > 0 && shares.every((share) => share === reverse || share.lossy === 0)) return 'pair'
  return 'scattered'
}

function rate(share: Share): number {
  return share.measured > 0 ? share.lossy / share.measured : 0
}

function sitesOf(source: Tags | undefined, destination: Tags | undefined, preferred: string[]): Elsewhere['sites'] {
  if (!source || !destination) return null
  const both = (tag: string) => source[tag] !== undefined && destination[tag] !== undefined
  const tag = ['site', ...preferred.toReversed(), 'region', 'location'].find(both)
  return tag === undefined ? null : { tag, source: source[tag]!, destination: destination[tag]! }
}

function empty(): Share {
  return { measured: 0, lossy: 0, worst: [] }
}

function note(share: Share, loss: number, source: string, destination: string): void {
  share.lossy++
  if (share.worst.length === mostWorst && share.worst[mostWorst - 1]!.loss >= loss) return
  const place = share.worst.findIndex((pair) => pair.loss < loss)
  share.worst.splice(place < 0 ? share.worst.length : place, 0, { source, destination, loss })
  if (share.worst.length > mostWorst) share.worst.pop()
}
