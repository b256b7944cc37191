import type { Probe } from '../api/types'
import { byName } from '../matrix/order'
import { conditionOf } from './condition'

/** What the list can be sorted by. */
export const sortings = ['name', 'condition', 'address', 'version', 'since', 'heard', 'lease', 'clock', 'late', 'drops'] as const
export type ProbeSorting = (typeof sortings)[number]

const ranks = { bad: 0, warn: 1, unknown: 2, good: 3 }

/** Sorted by a column, in its own direction or the other; what is not known comes last either way, and the name decides the rest. */
export function sortProbes(probes: Probe[], by: ProbeSorting, isReversed: boolean, now: number): Probe[] {
  const key = keyOf(by, now)
  const sign = isReversed ? -1 : 1
  return probes
    .map((probe) => ({ probe, key: key(probe) }))
    .sort((a, b) => compare(a.key, b.key, sign) || byName(a.probe.name, b.probe.name))
    .map(({ probe }) => probe)
}

type Key = string | number | null

/** Columns begin with what one looks for: trouble, the newest, the largest. */
function keyOf(by: ProbeSorting, now: number): (probe: Probe) => Key {
  switch (by) {
    case 'name':
      return (probe) => probe.name
    case 'condition':
      return (probe) => ranks[conditionOf(probe, now).grade]
    case 'address':
      return (probe) => probe.address
    case 'version':
      return (probe) => probe.version || null
    case 'since':
      return (probe) => -Date.parse(probe.registered_at)
    case 'heard':
      return (probe) => Date.parse(probe.heard_of_at)
    case 'lease':
      return (probe) => probe.lease_left_s
    case 'clock':
      return (probe) => (probe.clock_offset_ns === null ? null : -Math.abs(probe.clock_offset_ns))
    case 'late':
      return (probe) => negative(probe.health?.send_lateness_p99_ns)
    case 'drops':
      return (probe) => negative(probe.health?.receive_drops)
  }
}

function negative(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : -value
}

function compare(a: Key, b: Key, sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  return sign * (typeof a === 'string' || typeof b === 'string' ? byName(String(a), String(b)) : a - b)
}
