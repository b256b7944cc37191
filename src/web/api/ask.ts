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

  /** True where the server, or the way to it, is at fault: asking again may help. */
  get isOutage(): boolean {
    return this.status === 0 || this.status >= 500 || this.status === 408 || this.status === 429
  }
}

export type Parameters = Record<string, string | number | string[] | null | undefined>

/** A path with parameters; those without a value are left out, lists are joined by commas. */
export function pathWith(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    const text = Array.isArray(value) ? value.join(',') : value
    if (text !== null && text !== undefined && text !== '') query.set(name, String(text))
  }
  const tail = query.toString()
  return tail ? `${path}?${tail}` : path
}

/** Asks an address; answers that are no success, nor 304, become an ApiError with the server's words. Knows nothing of the document, so that workers can use it. */
export async function ask(href: string, token: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  if (token) headers.set('Authorization', `Bearer ${token}`)
  let response: Response
  try {
    response = await fetch(href, { ...init, headers, cache: 'no-store', credentials: 'same-origin' })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new ApiError(0, 'The server does not answer.')
  }
  if (response.ok || response.status === 304) return response
  throw new ApiError(response.status, await explanation(response))
}

/** The pages of a list, the one after the other; `turn` asks for that behind a cursor. */
export async function* pagesOf<Page extends { next: string | null }>(
  turn: (cursor: string | null) => Promise<Page>,
): AsyncGenerator<Page> {
  let cursor: string | null = null
  do {
    const page = await turn(cursor)
    yield page
    cursor = page.next
  } while (cursor)
}

async function explanation(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { detail?: string; title?: string }
    return problem.detail ?? problem.title ?? `The server answers ${response.status}.`
  } catch {
    return `The server answers ${response.status}.`
  }
}
