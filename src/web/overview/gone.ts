import type { MeshEvent } from '../api/types'

/** A probe that is no member any more, and since when. */
export interface GoneProbe {
  group: string
  name: string
  at: string
  kind: 'left' | 'removed'
}

/** Probes whose last event, of those that come newest first, was to leave or to be removed; the last to go comes first. */
export function goneProbes(events: MeshEvent[]): GoneProbe[] {
  const seen = new Set<string>()
  const gone: GoneProbe[] = []
  for (const { group, name, at, kind } of events) {
    const key = JSON.stringify([group, name])
    if (seen.has(key)) continue
    seen.add(key)
    if (kind === 'left' || kind === 'removed') gone.push({ group, name, at, kind })
  }
  return gone
}
