import { session } from '../state/session.svelte'
import { ApiError, ask, pagesOf, pathWith, type Parameters } from './ask'
import type { Probe, ProbesAnswer } from './types'

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

/** All probes of a group. */
export async function getProbes(group: string, signal: AbortSignal): Promise<Probe[]> {
  const path = `api/v2/groups/${encodeURIComponent(group)}/probes`
  const probes: Probe[] = []
  for await (const page of pagesOf((cursor) => get<ProbesAnswer>(path, { limit: 1000, cursor }, signal)))
    probes.push(...page.probes)
  return probes
}
