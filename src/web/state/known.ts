import { getProbes } from '../api/client'
import type { Probe } from '../api/types'

/** What is known of a probe that is there now. */
export interface KnownProbe {
  address: string
  tags: Record<string, string>
}

/** Probes by the name that the matrix has for them: of its own group by their name, of another as `group/name`. */
export type KnownProbes = ReadonlyMap<string, KnownProbe>

/** The value of a tag; empty where the probe does not have it, or is not known. */
export function tagOf(probes: KnownProbes, name: string, tag: string): string {
  const tags = probes.get(name)?.tags
  return tags && Object.hasOwn(tags, tag) ? tags[tag]! : ''
}

/** Groups that a matrix reaches into and that are asked for their tags. */
const othersAsked = 20

/** Groups that names of destinations may tell of, a few of them at most: those of other groups are `group/name`. */
export function groupsIn(destinations: readonly string[]): string[] {
  const groups = new Set<string>()
  for (const name of destinations) {
    const slash = name.indexOf('/')
    if (slash > 0 && groups.size < othersAsked) groups.add(name.slice(0, slash))
  }
  return [...groups].sort()
}

/** Asks the server for the probes of a group, and for those of the other groups that it tests. */
export async function knownProbes(group: string, others: readonly string[], signal: AbortSignal): Promise<KnownProbes> {
  const found = new Map<string, KnownProbe>()
  const add = (probe: Probe, name: string) => found.set(name, { address: probe.address, tags: probe.tags })
  for (const probe of await getProbes(group, signal)) add(probe, probe.name)
  for (const other of others) {
    for (const probe of await getProbes(other, signal)) add(probe, `${other}/${probe.name}`)
  }
  return found
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
