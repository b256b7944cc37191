import { ApiError } from '../api/client'

const againMs = 3000

/** Pauses are this many times as long as the answer took, lest asking is all that the server and the page do. */
const restPerWork = 8

/** Asks the server the same thing again and again, as long as somebody looks. */
export class Poll<T> {
  /** The last answer; it stays when the server does not answer any more. */
  value = $state.raw<T | null>(null)
  /** Why the last question was not answered; null when it was. */
  problem = $state.raw<ApiError | null>(null)
  /** When value came, by performance.now(). */
  cameAt = $state(0)

  private key: unknown = undefined
  private wake: (() => void) | null = null

  constructor(private readonly everyMs: number) {}

  /** Begins, until the answer is called. What another key has brought is forgotten. */
  run(key: string, ask: (signal: AbortSignal) => Promise<T>): () => void {
    const control = new AbortController()
    if (key !== this.key) {
      this.value = null
      this.problem = null
    }
    this.key = key
    void this.loop(ask, control.signal)
    const look = () => !document.hidden && this.again()
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      control.abort()
      this.wake?.()
    }
  }

  /** Asks at once. */
  again(): void {
    this.wake?.()
  }

  private async loop(ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const begin = performance.now()
      try {
        const value = await ask(signal)
        if (signal.aborted) return
        this.value = value
        this.problem = null
        this.cameAt = performance.now()
      } catch (error) {
        if (signal.aborted) return
        this.problem = error instanceof ApiError ? error : new ApiError(0, String(error))
      }
      const rest = Math.max(this.everyMs, (performance.now() - begin) * restPerWork)
      do await this.pause(this.problem ? Math.min(againMs, this.everyMs) : rest)
      while (document.hidden && !signal.aborted)
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
