// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from './ask'
import { EventParser, EventStream, longestSilenceMs, type StreamEvent } from './stream'

const sent =
  'retry: 2000\n\nid: a.1\nevent: interval\ndata: {"x":"ü ✓"}\n\n: still here\n\nid: a.2\r\nevent: gap\r\ndata: one\r\ndata: two\r\n\r\ndata:bare\n\n'
const meant: StreamEvent[] = [
  { id: 'a.1', kind: 'interval', data: '{"x":"ü ✓"}' },
  { id: 'a.2', kind: 'gap', data: 'one\ntwo' },
  { id: 'a.2', kind: 'message', data: 'bare' },
]

describe('events out of text', () => {
  it('are the same wherever the text is cut', () => {
    for (let first = 0; first <= sent.length; first++) {
      for (let second = first; second <= sent.length; second += 7) {
        const parser = new EventParser()
        const found = [sent.slice(0, first), sent.slice(first, second), sent.slice(second)].flatMap((piece) => parser.take(piece))
        expect(found).toEqual(meant)
      }
    }
  })

  it('wait for their end', () => {
    const parser = new EventParser()
    expect(parser.take('data: half')).toEqual([])
    expect(parser.take('\n')).toEqual([])
    expect(parser.take('\n')).toHaveLength(1)
  })
})

describe('a stream', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  /** A server whose connections the test writes to. */
  function serve(refusals: (ApiError | null)[] = []) {
    const asked: string[] = []
    const askedAt: number[] = []
    const told: string[] = []
    const open: ReadableStreamDefaultController<Uint8Array>[] = []
    const stream = new EventStream(
      (lastId) => {
        asked.push(lastId)
        askedAt.push(Date.now())
        const refusal = refusals[asked.length - 1]
        if (refusal) return Promise.reject(refusal)
        return Promise.resolve(new Response(new ReadableStream({ start: (controller) => void open.push(controller) })))
      },
      {
        opened: () => told.push('opened'),
        event: (event) => told.push(event.data),
        failed: (error, isSilent) => told.push(isSilent ? 'silent' : `failed ${error.status}`),
      },
    )
    const say = async (text: string) => {
      open.at(-1)?.enqueue(new TextEncoder().encode(text))
      await vi.advanceTimersByTimeAsync(0)
    }
    return { stream, asked, askedAt, told, open, say }
  }

  it('goes on behind the last event after it was cut off', async () => {
    const { stream, asked, told, open, say } = serve()
    await vi.advanceTimersByTimeAsync(0)
    await say('id: p.7\ndata: one\n\n')
    open[0]?.close()
    await vi.advanceTimersByTimeAsync(1500)
    await say('id: p.8\ndata: two\n\n')
    expect(asked).toEqual(['', 'p.7'])
    expect(told).toEqual(['opened', 'one', 'failed 0', 'opened', 'two'])
    stream.stop()
  })

  it('counts as dead after a silence, and not while comments come', async () => {
    const { stream, told, say } = serve()
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(15_000)
      await say(': still here\n\n')
    }
    expect(told).toEqual(['opened'])
    await vi.advanceTimersByTimeAsync(longestSilenceMs)
    expect(told).toEqual(['opened', 'silent'])
    stream.stop()
  })

  it('waits longer each time it cannot connect, up to ten seconds, and less again once it could', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const refusal = new ApiError(502, 'Bad Gateway')
    const { stream, askedAt, open } = serve([...Array<ApiError>(6).fill(refusal), null])
    await vi.advanceTimersByTimeAsync(60_000)
    open[0]?.close()
    await vi.advanceTimersByTimeAsync(2000)
    expect(askedAt.slice(1).map((time, i) => time - askedAt[i]!)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 26_000])
    stream.stop()
  })

  it('tries at once when it is told to', async () => {
    const { stream, asked, told } = serve([new ApiError(0, 'gone')])
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual(['failed 0'])
    stream.retry()
    await vi.advanceTimersByTimeAsync(0)
    expect(asked).toHaveLength(2)
    expect(told).toEqual(['failed 0', 'opened'])
    stream.stop()
  })

  it('is still once it is stopped', async () => {
    const { stream, asked, told, say } = serve()
    await vi.advanceTimersByTimeAsync(0)
    stream.stop()
    // Nobody listens any more.
    await expect(say('data: late\n\n')).rejects.toThrow()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(told).toEqual(['opened'])
    expect(asked).toHaveLength(1)
  })
})
