import { ApiError, ask, pagesOf, pathWith, type Parameters } from '../api/ask'
import type { Group, GroupsAnswer } from '../api/types'
import type { Want } from './messages'

const longestAnswerMs = 30_000

/** Asks on behalf of a want; gives up when nothing has come in time. */
export async function question(
  want: Pick<Want, 'base' | 'token'>,
  path: string,
  parameters: Parameters,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<{ response: Response; body: unknown }> {
  const own = new AbortController()
  const stop = () => own.abort()
  signal.addEventListener('abort', stop)
  const timer = setTimeout(stop, longestAnswerMs)
  try {
    const response = await ask(new URL(pathWith(path, parameters), want.base).href, want.token, { headers, signal: own.signal })
    return { response, body: response.status === 304 ? null : await response.json() }
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error
    throw new ApiError(0, own.signal.aborted ? 'The server does not answer in time.' : 'The connection to the server has broken.')
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

/** All groups, by name. */
export async function askGroups(want: Pick<Want, 'base' | 'token'>, signal: AbortSignal): Promise<Group[]> {
  const turn = async (cursor: string | null) => {
    const { body } = await question(want, 'api/v2/groups', { limit: 1000, cursor }, signal)
    return body as GroupsAnswer
  }
  const groups: Group[] = []
  for await (const page of pagesOf(turn)) groups.push(...page.groups)
  return groups
}

/** Waits; sooner over when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
