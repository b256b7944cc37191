import type { Probe } from '../api/types'
import { duration, span } from '../look/format'
import type { Grade } from '../overview/health'
import { staleAfter } from '../state/stale'

/** How a probe is: in a word, and why. */
export interface Condition {
  grade: Grade
  words: string
  reasons: string[]
}

/** A name is free for another probe when nothing has been heard of the one that has it for this long. */
const silentSeconds = 90

/** A clock that is off by more is worth a word: round trips do not mind, but intervals are told by it. */
const clockNanos = 100e6

const suspicions: Record<string, string> = {
  late_sends: 'its datagrams left late',
  skipped_sends: 'it had no time for some datagrams',
  receive_drops: 'its kernel dropped replies',
  send_buffer_full: 'its send buffer was full',
  garbage_collection: 'garbage collection held it up',
  cpu_pressure: 'it waited for a CPU',
  clock_step: 'its clock was stepped',
  slow_sends: 'its kernel took long to send',
}

/** Seconds since the server heard of it. */
export function silence(probe: Probe, now: number): number {
  return Math.max(0, (now - Date.parse(probe.heard_of_at)) / 1000)
}

/** True where its lease is all that keeps it. */
export function isSilent(probe: Probe, now: number): boolean {
  return silence(probe, now) > silentSeconds
}

/** Judges a probe at a moment, by the server's clock. The worst comes first. */
export function conditionOf(probe: Probe, now: number): Condition {
  const found: Condition[] = []
  const find = (grade: Grade, words: string, reason: string) => found.push({ grade, words, reasons: [reason] })
  const { health } = probe

  if (isSilent(probe, now))
    find(
      'bad',
      'Silent',
      `Nothing has been heard of it for ${span(silence(probe, now))}. Its lease ends in ${span(probe.lease_left_s)}.`,
    )
  if (health && isLate(health.start, health.end, now))
    find('warn', 'No reports', `Its last report is ${span((now - Date.parse(health.end)) / 1000)} old.`)
  if (probe.echo === 'missing')
    find(
      'warn',
      'Unverified',
      `No datagram comes back from its reflector: UDP port ${probe.port} may be closed, or its address wrong.`,
    )
  if (health && health.suspect.length > 0)
    find(
      'warn',
      'Suspect',
      `It does not trust its last interval: ${health.suspect.map((one) => suspicions[one] ?? one).join(', ')}.`,
    )
  const offset = probe.clock_offset_ns
  if (offset !== null && Math.abs(offset) - (probe.clock_offset_error_ns ?? 0) > clockNanos)
    find('warn', 'Clock off', `Its clock is ${duration(Math.abs(offset))} ${offset > 0 ? 'ahead of' : 'behind'} the server's.`)
  const [first] = found
  if (first) return { ...first, reasons: found.flatMap((one) => one.reasons) }
  if (probe.pushes && !health) return { grade: 'unknown', words: 'No report yet', reasons: [] }
  return { grade: 'good', words: 'Good', reasons: [] }
}

/** As the matrix has it. */
function isLate(start: string, end: string, now: number): boolean {
  const [begin, last] = [Date.parse(start), Date.parse(end)]
  return (now - last) / 1000 > staleAfter((last - begin) / 1000)
}
