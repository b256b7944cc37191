import { session } from '../state/session.svelte'
import { ApiError, ask, pathWith, type Parameters } from './ask'

export { ApiError, type Parameters }

/** A path under the document's address, with parameters; those without a value are left out, lists are joined by commas. */
export function address(path: string, parameters: Parameters = {}): string {
  return new URL(pathWith(path, parameters), document.baseURI).href
}

/** Asks the server; answers that are no success become an ApiError with the server's words. */
export async function request(
  path: string,
  parameters?: Parameters,
  init: RequestInit & { token?: string } = {},
): Promise<Response> {
  const { token = session.token, ...rest } = init
  try {
    return await ask(address(path, parameters), token, rest)
  } catch (error) {
    if (error instanceof ApiError && error.status === 401 && init.token === undefined) session.refuse()
    throw error
  }
}

/** A JSON answer. */
export async function get<T>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<T> {
  const response = await request(path, parameters, signal ? { signal } : {})
  return (await response.json()) as T
}

/** All pages of a list. */
export async function getPages<T>(
  path: string,
  pick: (page: { next: string | null } & Record<string, unknown>) => T[],
  signal?: AbortSignal,
): Promise<T[]> {
  const all: T[] = []
  let cursor: string | null = null
  do {
    const page: { next: string | null } & Record<string, unknown> = await get(path, { limit: 1000, cursor }, signal)
    all.push(...pick(page))
    cursor = page.next
  } while (cursor)
  return all
}
