import { ApiError } from './ask'

/** A server-sent event. */
export interface StreamEvent {
  /** Where in the stream it is: what Last-Event-ID says to go on behind it. Empty where it has none. */
  id: string
  kind: string
  data: string
}

/** Reads server-sent events (HTML standard, 9.2) out of text that comes in pieces. */
export class EventParser {
  private rest = ''
  private seen = 0
  private id = ''
  private kind = ''
  private data: string[] = []

  /** The events that this piece completes. */
  take(piece: string): StreamEvent[] {
    const found: StreamEvent[] = []
    const text = this.rest + piece
    let start = 0
    let place = this.seen
    for (;;) {
      const end = lineEnd(text, place)
      // A carriage return at the very end may be half of a line's end.
      if (end < 0 || (text[end] === '\r' && end === text.length - 1)) break
      this.takeLine(text.slice(start, end), found)
      start = text[end] === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1
      place = start
    }
    this.rest = text.slice(start)
    this.seen = this.rest.endsWith('\r') ? this.rest.length - 1 : this.rest.length
    return found
  }

  private takeLine(line: string, found: StreamEvent[]): void {
    if (line === '') {
      if (this.data.length > 0) found.push({ id: this.id, kind: this.kind || 'message', data: this.data.join('\n') })
      this.kind = ''
      this.data = []
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') this.data.push(value)
    else if (field === 'event') this.kind = value
    else if (field === 'id' && !value.includes('\0')) this.id = value
  }
}

export interface StreamHandlers {
  /** Connected, for the first time or again. */
  opened(): void
  event(event: StreamEvent): void
  /** The connection ended, fell silent, or could not be made; it is tried again. */
  failed(error: ApiError, isSilent: boolean): void
}

/** How long a stream may be silent before it counts as dead: the server says something every 15 s. */
export const longestSilenceMs = 45_000

const connectMs = 10_000
const firstWaitMs = 1000
const longestWaitMs = 10_000

/** A stream that connects again when it is cut off, and goes on where it was. */
export class EventStream {
  private readonly stopping = new AbortController()
  private lastId = ''
  private wake: (() => void) | null = null

  /** @param connect Asks for the stream; with the id to go on behind, empty at first. */
  constructor(
    private readonly connect: (lastId: string, signal: AbortSignal) => Promise<Response>,
    private readonly handlers: StreamHandlers,
  ) {
    void this.run()
  }

  /** Ends it; no handler is called any more. */
  stop(): void {
    this.stopping.abort()
    this.wake?.()
  }

  /** Connects now, where it waits to try again. */
  retry(): void {
    this.wake?.()
  }

  private async run(): Promise<void> {
    let failures = 0
    while (!this.stopping.signal.aborted) {
      const { error, isSilent } = await this.attempt(() => (failures = 0))
      if (this.stopping.signal.aborted) return
      this.handlers.failed(error, isSilent)
      if (this.stopping.signal.aborted) return
      // The first attempt after a connection that worked comes soon, but never in a tight loop.
      await this.wait(Math.min(longestWaitMs, firstWaitMs * 2 ** failures++) * (0.75 + Math.random() / 2))
    }
  }

  /** One connection, from its beginning to its end; why it ended. */
  private async attempt(opened: () => void): Promise<{ error: ApiError; isSilent: boolean }> {
    const own = new AbortController()
    const stop = () => own.abort()
    this.stopping.signal.addEventListener('abort', stop)
    let isSilent = false
    const fallSilent = () => {
      isSilent = true
      own.abort()
    }
    let timer = setTimeout(fallSilent, connectMs)
    const hear = () => {
      clearTimeout(timer)
      timer = setTimeout(fallSilent, longestSilenceMs)
    }
    try {
      const response = await this.connect(this.lastId, own.signal)
      if (!response.body) throw new ApiError(response.status, 'The server answers with nothing.')
      hear()
      opened()
      this.handlers.opened()
      await this.read(response.body, hear, own.signal)
      return { error: new ApiError(0, 'The server has closed the connection.'), isSilent }
    } catch (error) {
      if (isSilent) return { error: new ApiError(0, 'Nothing has come from the server for a while.'), isSilent }
      return { error: error instanceof ApiError ? error : new ApiError(0, 'The connection to the server has broken.'), isSilent }
    } finally {
      clearTimeout(timer)
      this.stopping.signal.removeEventListener('abort', stop)
      own.abort()
    }
  }

  private async read(body: ReadableStream<Uint8Array>, hear: () => void, signal: AbortSignal): Promise<void> {
    const parser = new EventParser()
    const decoder = new TextDecoder()
    const reader = body.getReader()
    const cancel = () => void reader.cancel().catch(() => {})
    // A reader of a stream that was not made by fetch does not know of the signal.
    signal.addEventListener('abort', cancel)
    try {
      for (;;) {
        const { done, value } = await reader.read()
        signal.throwIfAborted()
        if (done) return
        hear()
        for (const event of parser.take(decoder.decode(value, { stream: true }))) {
          if (signal.aborted) return
          if (event.id) this.lastId = event.id
          this.handlers.event(event)
        }
      }
    } finally {
      signal.removeEventListener('abort', cancel)
      cancel()
    }
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake?.(), ms)
      this.wake = () => {
        clearTimeout(timer)
        this.wake = null
        resolve()
      }
    })
  }
}

function lineEnd(text: string, from: number): number {
  const ends = /[\r\n]/g
  ends.lastIndex = from
  return ends.exec(text)?.index ?? -1
}
