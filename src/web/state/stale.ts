/** What the server allows an interval beyond three of its length before it counts as stale, in seconds. */
const slackS = 60

/** How old the newest interval may be before it counts as stale, as the server has it; in seconds, as is the interval's length. */
export function staleAfter(intervalS: number): number {
  return 3 * intervalS + slackS
}
