import { ApiError, get } from '../api/client'
import type { MeshEvent, PastEventsAnswer } from '../api/types'

const perAnswer = 1000

interface NewEventsAnswer {
  events: MeshEvent[]
  next: string
}

/** What happened to the probes of a group, or of all, since a moment: newest first. */
export async function recentEvents(group: string | null, sinceMs: number, signal: AbortSignal): Promise<MeshEvent[]> {
  try {
    const from = new Date(sinceMs).toISOString()
    const answer = await get<PastEventsAnswer>('api/v2/events', { group, from, to: 'now', limit: perAnswer }, signal)
    return answer.events
  } catch (error) {
    // Without history the server still knows what has happened since it was started.
    if (error instanceof ApiError && error.status === 404) return sinceStart(group, sinceMs, signal)
    throw error
  }
}

async function sinceStart(group: string | null, sinceMs: number, signal: AbortSignal): Promise<MeshEvent[]> {
  const all: MeshEvent[] = []
  for (let after: string | null = null; ;) {
    const answer: NewEventsAnswer = await get('api/v2/events', { group, after, limit: perAnswer }, signal)
    all.push(...answer.events)
    if (answer.events.length < perAnswer || answer.next === after) break
    after = answer.next
  }
  return all.filter((event) => Date.parse(event.at) >= sinceMs).reverse()
}
