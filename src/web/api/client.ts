import { session } from '../state/session.svelte'

/** The server has answered, and not with what was asked for; or it could not be reached, and status is 0. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }

  /** True where another token would help. */
  get isRefusal(): boolean {
    return this.status === 401 || this.status === 403
  }
}

export type Parameters = Record<string, string | number | string[] | null | undefined>

/** A path under the document's address, with parameters; those without a value are left out, lists are joined by commas. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    const text = Array.isArray(value) ? value.join(',') : value
    if (text !== null && text !== undefined && text !== '') query.set(name, String(text))
  }
  const tail = query.toString()
  return new URL(tail ? `${path}?${tail}` : path, document.baseURI).href
}

/** Asks the server; answers that are no success become an ApiError with the server's words. */
export async function request(
  path: string,
  parameters?: Parameters,
  init: RequestInit & { token?: string } = {},
): Promise<Response> {
  const { token = session.token, ...rest } = init
  const headers = new Headers(rest.headers)
  if (token) headers.set('Authorization', `Bearer ${token}`)
  let response: Response
  try {
    response = await fetch(address(path, parameters), { ...rest, headers, cache: 'no-store', credentials: 'same-origin' })
  } catch (error) {
    if (rest.signal?.aborted) throw error
    throw new ApiError(0, 'The server does not answer.')
  }
  if (response.ok) return response
  const failure = new ApiError(response.status, await explanation(response))
  if (response.status === 401 && init.token === undefined) session.refuse()
  throw failure
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

async function explanation(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { detail?: string; title?: string }
    return problem.detail ?? problem.title ?? `The server answers ${response.status}.`
  } catch {
    return `The server answers ${response.status}.`
  }
}
