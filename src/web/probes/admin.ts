import { ApiError, request } from '../api/client'
import type { Probe } from '../api/types'
import { session } from '../state/session.svelte'

/** The admin token, once it has been given, until somebody signs out. It is kept in memory alone: who reloads the page gives it again. */
let given: { token: string; turn: number } | null = null

/** Takes a probe out of its group. Without a token, the one given before is used, or the one that the page reads with. */
export async function removeProbe(probe: Pick<Probe, 'group' | 'name'>, token: string | null): Promise<'removed' | 'refused'> {
  const known = given?.turn === session.turn ? given.token : null
  const path = `api/v2/groups/${encodeURIComponent(probe.group)}/probes/${encodeURIComponent(probe.name)}`
  try {
    await request(path, {}, { method: 'DELETE', token: token ?? known ?? session.token })
  } catch (error) {
    if (error instanceof ApiError && error.isRefusal) {
      given = null
      return 'refused'
    }
    // Somebody else was faster.
    if (!(error instanceof ApiError && error.status === 404)) throw error
  }
  if (token) given = { token, turn: session.turn }
  return 'removed'
}
