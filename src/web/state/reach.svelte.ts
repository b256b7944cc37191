import { ApiError, get } from '../api/client'
import type { HistoryAnswer } from '../api/types'
import { here } from './here.svelte'
import { Poll } from './poll.svelte'

const hourMs = 3_600_000
const usual = [0.25, 1, 6]
const everyMs = 60_000

/** How many hours to look back where nobody has said so: as far as there is something, and six at the most. */
export function usualReach(history: HistoryAnswer | null): number {
  if (history === null) return 6
  // Points of coarse levels begin at round moments, and so before what is in them.
  const starts = history.levels.flatMap(({ oldest, step_s }) => (oldest === null ? [] : [Date.parse(oldest) + 1000 * step_s]))
  const hours = starts.length === 0 ? 0 : (Date.parse(history.now) - Math.min(...starts)) / hourMs
  return usual.find((one) => hours <= one) ?? 6
}

/** How far the time bar and the charts reach back, in hours. */
class Reach {
  private readonly poll = new Poll<HistoryAnswer | null>(everyMs)

  hours: number = $derived(here.place.hours ?? usualReach(this.poll.value))

  /** Learns how old the history is, until the answer is called. */
  follow(): () => void {
    return this.poll.run('', async (signal) => {
      try {
        return await get<HistoryAnswer>('api/v2/history', {}, signal)
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    })
  }
}

export const reach = new Reach()
