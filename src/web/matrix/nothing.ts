import type { FeedStatus } from '../state/feed.svelte'
import type { MatrixData } from './model'

/** Why there is no matrix to be seen. */
export type Reason =
  | { kind: 'loading' }
  | { kind: 'unreachable'; problem: string | null }
  /** Nobody has registered. */
  | { kind: 'empty' }
  | { kind: 'unknownGroup'; group: string }
  /** One probe, and nobody that it could test. */
  | { kind: 'alone'; name: string; group: string }
  /** There are probes, and nothing of them yet. */
  | { kind: 'waiting'; probes: number; group: string }
  | { kind: 'noMoment'; at: number; problem: string | null }
  | { kind: 'filtered'; filter: string }
  | { kind: 'refused'; problem: string | null }

export interface Circumstances {
  status: FeedStatus
  problem: string | null
  data: MatrixData | null
  groups: string[]
  group: string | null
  /** The moment that is asked for; null is now. */
  at: number | null
  filter: string
  rows: number
  columns: number
}

/** The reason, or null where there is something to be seen. */
export function reasonOf(now: Circumstances): Reason | null {
  const { data, at, problem } = now
  if (data) {
    if (!isMeasured(data)) {
      if (!data.isLive) return { kind: 'noMoment', at: data.at, problem: null }
      const [name] = data.sources
      if (name === undefined) return { kind: 'empty' }
      return data.sources.length === 1
        ? { kind: 'alone', name, group: data.group }
        : { kind: 'waiting', probes: data.sources.length, group: data.group }
    }
    return now.rows === 0 || now.columns === 0 ? { kind: 'filtered', filter: now.filter } : null
  }
  if (now.status === 'lost') return { kind: 'unreachable', problem }
  if (now.status !== 'refused') return { kind: 'loading' }
  if (now.groups.length === 0) return { kind: 'empty' }
  if (now.group !== null && !now.groups.includes(now.group)) return { kind: 'unknownGroup', group: now.group }
  return at === null ? { kind: 'refused', problem } : { kind: 'noMoment', at, problem }
}

/** True where what can be set about the matrix may be why there is none, or does not matter yet. */
export function isArranged(reason: Reason): boolean {
  return ['loading', 'noMoment', 'filtered', 'refused'].includes(reason.kind)
}

/** The command that joins a host to a group of the server whose page this is. */
export function joinCommand(address: string, group: string | null): string {
  const server = new URL('.', address).href.replace(/\/$/, '')
  return `llama probe --server ${server}${group === null || group === 'default' ? '' : ` --group ${quoted(group)}`}`
}

/** A text as one word of a shell. */
function quoted(text: string): string {
  return /^[\w.,:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

function isMeasured(data: MatrixData): boolean {
  const known = data.metrics.get('loss') ?? [...data.metrics.values()][0]
  return known?.some((value) => !Number.isNaN(value)) ?? false
}
