import type { MeshEvent } from '../api/types'

/** Events of one kind that came close behind each other: a rack that is switched on is one piece of news, and not forty. */
export interface Bunch {
  /** At least one, newest first. */
  events: MeshEvent[]
  kind: MeshEvent['kind']
  group: string
  /** When the first of them happened. */
  at: string
}

const closeMs = 60_000

/** Puts events together that come newest first. Changes of address stay by themselves, for the sake of the addresses. */
export function bunches(events: MeshEvent[]): Bunch[] {
  const found: Bunch[] = []
  for (const event of events) {
    const { kind, group, at } = event
    const last = found.at(-1)
    const isNext =
      last &&
      last.kind === kind &&
      last.group === group &&
      kind !== 'changed_address' &&
      Date.parse(last.at) - Date.parse(at) <= closeMs
    if (!isNext) {
      found.push({ events: [event], kind, group, at })
      continue
    }
    last.events.push(event)
    last.at = at
  }
  return found
}
