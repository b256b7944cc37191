import { tick } from '../look/tick.svelte'
import { feed } from './feed.svelte'
import type { Poll } from './poll.svelte'

/** Why what was asked for last is old, which it is after longestMs at the latest; null where it is not, or there is nothing. */
export function whyOld(poll: Poll<unknown>, longestMs: number): string | null {
  if (poll.value === null) return null
  if (poll.problem) return poll.problem.message
  if (feed.status === 'lost') return 'The server does not answer.'
  // A computer that slept, or a browser that held timers back, shows old news without a question that failed.
  return tick() - poll.cameAt > longestMs ? 'The page was asleep.' : null
}
