import type { Track } from './track'

/** A change of the path between two steps, or within one. */
export interface PathChange {
  at: number
  way: 'there' | 'back'
  kind: 'hops' | 'unsteady' | 'remarked' | 'unmarked'
  /** Hops before and after; times that the length changed; classes sent and seen. */
  before: number
  after: number
}

// What systems send with. The smallest that is not below what arrived is what it began with.
const firstTtls = [64, 128, 255]

/** How many hops decremented a TTL; NaN where it was not measured. */
export function hopsOf(ttl: number): number {
  const first = firstTtls.find((each) => each >= ttl)
  return first === undefined ? NaN : first - ttl
}

/** What changed on the path, the newest first. */
export function pathChanges(track: Track, sentClass: number | null): PathChange[] {
  const changes: PathChange[] = []
  const { columns } = track
  const ways = [
    { way: 'there', ttl: columns.forward_ttl, tos: columns.forward_tos, remarked: columns.forward_remarked },
    { way: 'back', ttl: columns.reverse_ttl, tos: columns.reverse_tos, remarked: columns.reverse_remarked },
  ] as const
  for (const { way, ttl, tos, remarked } of ways) {
    let hops = NaN
    let isRemarked = false
    track.at.forEach((at, step) => {
      const now = hopsOf(ttl[step]!)
      if (!Number.isNaN(now)) {
        if (!Number.isNaN(hops) && now !== hops) changes.push({ at, way, kind: 'hops', before: hops, after: now })
        else if (way === 'there' && columns.forward_ttl_changes[step]! > 0)
          changes.push({ at, way, kind: 'unsteady', before: now, after: columns.forward_ttl_changes[step]! })
        hops = now
      }
      if (!Number.isNaN(remarked[step]!) && remarked[step]! > 0 !== isRemarked) {
        isRemarked = !isRemarked
        changes.push({ at, way, kind: isRemarked ? 'remarked' : 'unmarked', before: sentClass ?? NaN, after: tos[step]! })
      }
    })
  }
  return changes.sort((a, b) => b.at - a.at)
}
