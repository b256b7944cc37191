import { getPages } from '../api/client'
import type { Probe } from '../api/types'

/** What is known of a probe that is there now. */
export interface KnownProbe {
  address: string
  tags: Record<string, string>
}

/** Probes by the name that the matrix has for them: of its own group by their name, of another as `group/name`. */
export type KnownProbes = ReadonlyMap<string, KnownProbe>

/** Groups that a matrix reaches into and that are asked for their tags. */
const othersAsked = 20

/** Asks the server for the probes of a group, and for those of the groups that its destinations are in. */
export async function knownProbes(
  group: string,
  destinations: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, KnownProbe>> {
  const others = new Set<string>()
  for (const name of destinations) {
    const slash = name.indexOf('/')
    if (slash > 0 && others.size < othersAsked) others.add(name.slice(0, slash))
  }
  others.delete(group)
  const found = new Map<string, KnownProbe>()
  const add = (probe: Probe, name: string) => found.set(name, { address: probe.address, tags: probe.tags })
  for (const probe of await probesOf(group, signal)) add(probe, probe.name)
  for (const other of others) {
    // A slash may also stand in the name of something that is no probe.
    for (const probe of await probesOf(other, signal).catch(() => [])) add(probe, `${other}/${probe.name}`)
  }
  return found
}

function probesOf(group: string, signal: AbortSignal): Promise<Probe[]> {
  return getPages<Probe>(`api/v2/groups/${encodeURIComponent(group)}/probes`, (page) => page.probes as Probe[], signal)
}

/** Names of tags, in alphabetical order. */
export function tagNames(probes: KnownProbes): string[] {
  const names = new Set<string>()
  for (const probe of probes.values()) for (const name of Object.keys(probe.tags)) names.add(name)
  return [...names].sort()
}

export function isSame(a: KnownProbes, b: KnownProbes): boolean {
  if (a.size !== b.size) return false
  for (const [name, probe] of a) {
    const other = b.get(name)
    if (!other || other.address !== probe.address || JSON.stringify(other.tags) !== JSON.stringify(probe.tags)) return false
  }
  return true
}
