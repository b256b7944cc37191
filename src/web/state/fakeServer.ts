import { vi } from 'vitest'
import type { IntervalEvent, MatrixAnswer } from '../api/types'

/** A server for tests: answers what it is told to, and keeps account of what it was asked. It takes the place of `fetch`. */
export class FakeServer {
  readonly asked: URL[] = []
  readonly headers: Headers[] = []
  groups = [{ name: 'wan', probes: 2, config_tag: 't1', interval_s: 10, cps: 2, flows: 4, classes: [0] }]
  loss = [
    [null, 0],
    [0, null],
  ] as (number | null)[][]
  names = ['a', 'b']
  version = 1
  /** When not null, every answer has this status; 0 is no answer at all. */
  failure: number | null = null
  streamFailure: number | null = null
  /** Answers to questions for the matrix wait for this. */
  gate: Promise<void> = Promise.resolve()
  private readonly streams: ReadableStreamDefaultController<Uint8Array>[] = []
  private sequence = 0

  constructor() {
    vi.stubGlobal('fetch', (href: string, init: RequestInit) => this.answer(new URL(href), init))
  }

  /** What was asked of a path, as the rest of the address. */
  askedOf(path: string): URLSearchParams[] {
    return this.asked.filter((url) => url.pathname === `/${path}`).map((url) => url.searchParams)
  }

  get openStreams(): number {
    return this.streams.length
  }

  async tell(event: Partial<IntervalEvent>): Promise<void> {
    const whole = { group: 'wan', source: 'a', suspect: false, pairs: 1, sent: 40, lost: 0, lossy_pairs: 0, class: 0, ...event }
    await this.write(`event: interval\ndata: ${JSON.stringify(whole)}\n\n`)
  }

  async write(text: string): Promise<void> {
    const octets = new TextEncoder().encode(`id: p.${++this.sequence}\n${text}`)
    for (const stream of this.streams) stream.enqueue(octets)
    await vi.advanceTimersByTimeAsync(0)
  }

  /** Cuts all streams off. */
  async cut(): Promise<void> {
    for (const stream of this.streams.splice(0)) stream.close()
    await vi.advanceTimersByTimeAsync(0)
  }

  private async answer(url: URL, init: RequestInit): Promise<Response> {
    this.asked.push(url)
    const headers = new Headers(init.headers)
    this.headers.push(headers)
    const isStream = url.pathname.endsWith('/intervals')
    if (url.pathname.endsWith('/matrix')) await this.gate
    if (init.signal?.aborted) throw new DOMException('aborted', 'AbortError')
    const failure = this.failure ?? (isStream ? this.streamFailure : null)
    if (failure === 0) throw new TypeError('Failed to fetch')
    if (failure !== null) return json({ title: 'No', status: failure, detail: `Refused with ${failure}.` }, failure)
    if (isStream) return this.stream(init.signal)
    if (url.pathname.endsWith('/groups')) return json({ groups: this.groups, next: null })
    const tag = `"${this.version}-${url.search}"`
    if (headers.get('If-None-Match') === tag) return new Response(null, { status: 304 })
    return json(this.matrix(url.searchParams), 200, { ETag: tag })
  }

  private stream(signal: AbortSignal | null | undefined): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.streams.push(controller)
        signal?.addEventListener('abort', () => {
          const place = this.streams.indexOf(controller)
          if (place >= 0) this.streams.splice(place, 1)
        })
      },
    })
    return new Response(body)
  }

  private matrix(asked: URLSearchParams): MatrixAnswer {
    const metrics = asked.get('metrics')?.split(',') ?? []
    const filled = (value: number | boolean | null) =>
      this.names.map((_, i) => this.names.map((_, j) => (i === j ? null : value)))
    const values = { loss: this.loss, age: filled(4), suspect: filled(false), stale: filled(false) }
    return {
      group: asked.get('group') ?? '',
      class: asked.get('class') === 'all' ? null : 0,
      class_name: null,
      classes: [0],
      now: new Date().toISOString(),
      sources: this.names,
      destinations: this.names,
      destinations_left_out: 0,
      metrics: Object.fromEntries(
        metrics.map((name) => [name, name in values ? values[name as keyof typeof values] : filled(1000)]),
      ),
    }
  }
}

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers })
}
