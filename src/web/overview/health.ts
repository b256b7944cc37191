import type { GroupOverview } from '../api/types'
import { byName } from '../matrix/order'

/** How something is, from best to worst. `unknown` is where nothing can be said yet. */
export type Grade = 'good' | 'unknown' | 'warn' | 'bad'

export interface Health {
  grade: Grade
  words: string
}

/** One pair that loses this much, or this share of all that lose something, is more than some loss. */
const badLoss = 0.2
const badShare = 0.05

/** How a group is, by what is worst with it. */
export function groupHealth(group: GroupOverview): Health {
  const worst = group.worst[0]?.loss ?? 0
  if (group.probes === 0) return { grade: 'unknown', words: 'No probes' }
  if (group.reporting === 0 && group.silent_count > 0) return { grade: 'bad', words: 'No reports' }
  if (group.pairs_measured === 0 && group.pairs_stale > 0) return { grade: 'bad', words: 'All stale' }
  if (group.pairs_measured === 0) return { grade: 'unknown', words: 'No results' }
  if (worst >= badLoss || group.pairs_lossy >= badShare * group.pairs_measured) return { grade: 'bad', words: 'Losing' }
  if (group.silent_count > 0) return { grade: 'warn', words: 'Silent probes' }
  if (group.pairs_lossy > 0) return { grade: 'warn', words: 'Some loss' }
  if (group.pairs_measured < group.pairs_expected) return { grade: 'warn', words: 'Not all measured' }
  return { grade: 'good', words: 'Healthy' }
}

const order: Record<Grade, number> = { bad: 0, warn: 1, unknown: 2, good: 3 }

/** The worst first; of the same grade, what loses most; then by name. */
export function worstFirst(groups: GroupOverview[]): GroupOverview[] {
  const graded = groups.map((group) => ({ group, rank: order[groupHealth(group).grade] }))
  graded.sort((a, b) => a.rank - b.rank || (b.group.loss ?? 0) - (a.group.loss ?? 0) || byName(a.group.name, b.group.name))
  return graded.map(({ group }) => group)
}
