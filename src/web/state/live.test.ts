// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeServer } from './fakeServer'
import { Live } from './live'
import type { LoadedMatrix, LoadedRow } from './messages'
import { metricsFor } from './numbers'

let server: FakeServer
let live: Live | null = null
let told: string[]
let matrices: LoadedMatrix[]
let rows: LoadedRow[]

function begin(ofClass: string | null = null): void {
  live = new Live(
    { base: 'http://server/', token: '', class: ofClass },
    'wan',
    () => server.groups[0],
    metricsFor('loss', 4, false),
    {
      matrix: (matrix) => void matrices.push(matrix),
      rows: (more) => void rows.push(...more),
      status: (status, error) => void told.push(error ? `${status} ${error.status}` : status),
    },
  )
}

const interval = (source: string, loss: number[], destinations: string[]) => ({
  source,
  start: '2026-11-22T12:00:00Z',
  end: '2026-11-22T12:00:10Z',
  destinations,
  metrics: { loss },
})

describe('a live matrix', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 12) })
    server = new FakeServer()
    told = []
    matrices = []
    rows = []
  })

  afterEach(() => {
    live?.stop()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('is asked for once the stream is open, and rows come after it', async () => {
    begin()
    await vi.advanceTimersByTimeAsync(0)
    expect(server.asked.map((url) => url.pathname)).toEqual(['/api/v2/intervals', '/api/v2/matrix'])
    expect(server.askedOf('api/v2/intervals')[0]?.get('metrics')).not.toContain('age')
    await server.tell(interval('b', [0.5], ['a']))
    await vi.advanceTimersByTimeAsync(200)
    expect(told).toEqual(['live'])
    expect(matrices).toHaveLength(1)
    expect(rows.map((row) => [row.source, [...row.destinations], [...row.metrics[0]![1]]])).toEqual([[1, [0], [0.5]]])
  })

  it('is not without the rows that came while it was asked for', async () => {
    let open = () => {}
    server.gate = new Promise((resolve) => (open = resolve))
    begin()
    await vi.advanceTimersByTimeAsync(0)
    await server.tell(interval('a', [0.25], ['b']))
    await vi.advanceTimersByTimeAsync(300)
    expect(rows).toHaveLength(0)
    open()
    await vi.advanceTimersByTimeAsync(300)
    expect(matrices).toHaveLength(1)
    expect(rows).toHaveLength(1)
  })

  it('is asked for again after a gap, and for names that it does not have', async () => {
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    server.version++
    await server.write('event: gap\ndata: {}\n\n')
    await vi.advanceTimersByTimeAsync(1000)
    expect(matrices).toHaveLength(2)
    server.names = ['a', 'b', 'c']
    server.version++
    await server.tell(interval('c', [0.5], ['a']))
    await vi.advanceTimersByTimeAsync(1000)
    expect(matrices.at(-1)?.sources).toEqual(['a', 'b', 'c'])
    expect(rows).toHaveLength(0)
    await server.tell(interval('c', [0.5], ['a']))
    await vi.advanceTimersByTimeAsync(1000)
    expect(rows).toHaveLength(1)
  })

  it('is not asked for again and again for a name that it never has', async () => {
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    for (let i = 0; i < 20; i++) {
      await server.tell(interval('a', [0, 1], ['b', 'nowhere']))
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(server.askedOf('api/v2/matrix')).toHaveLength(2)
    expect(rows).toHaveLength(20)
  })

  it('leaves out what is of another class', async () => {
    begin()
    await vi.advanceTimersByTimeAsync(0)
    await server.tell({ ...interval('a', [1], ['b']), class: 184 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(rows).toHaveLength(0)
  })

  it('of all classes together is asked for anew with each interval, as rows are of one class', async () => {
    begin('all')
    await vi.advanceTimersByTimeAsync(1000)
    expect(server.askedOf('api/v2/intervals')[0]?.has('metrics')).toBe(false)
    server.version++
    await server.tell(interval('a', [], []))
    await vi.advanceTimersByTimeAsync(1000)
    expect(server.askedOf('api/v2/matrix')).toHaveLength(2)
    expect(matrices).toHaveLength(2)
  })

  it('comes whole after a refusal, though nothing has changed', async () => {
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    server.failure = 404
    await server.write('event: gap\ndata: {}\n\n')
    await vi.advanceTimersByTimeAsync(1000)
    server.failure = null
    await vi.advanceTimersByTimeAsync(10_000)
    expect(told).toEqual(['live', 'refused 404', 'live'])
    expect(matrices).toHaveLength(2)
  })

  it('is lost when the server is gone, and back with it', async () => {
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    server.failure = 0
    await server.cut()
    await vi.advanceTimersByTimeAsync(1000)
    expect(told.slice(0, 2)).toEqual(['live', 'lost 0'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(told.at(-1)).toBe('lost 0')
    server.failure = null
    server.version++
    server.loss = [
      [null, 1],
      [0, null],
    ]
    await vi.advanceTimersByTimeAsync(15_000)
    expect(told.at(-1)).toBe('live')
    expect(server.openStreams).toBe(1)
    expect(matrices.at(-1)?.metrics.get('loss')?.[1]).toBe(1)
  })

  it('goes on where only the stream was cut off, without a word of being lost', async () => {
    begin()
    await server.tell(interval('a', [0], ['b']))
    await vi.advanceTimersByTimeAsync(20_000)
    await server.cut()
    await vi.advanceTimersByTimeAsync(5000)
    expect(server.openStreams).toBe(1)
    expect(new Set(told)).toEqual(new Set(['live']))
  })

  it('is asked for from time to time where there is no stream to be had', async () => {
    server.streamFailure = 503
    begin()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(new Set(told)).toEqual(new Set(['live']))
    expect(server.askedOf('api/v2/matrix').length).toBeGreaterThan(5)
    expect(server.askedOf('api/v2/matrix').length).toBeLessThan(15)
    expect(matrices).toHaveLength(1)
  })

  it('is lost when the server says nothing for long and answers nothing either', async () => {
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    server.gate = new Promise(() => {})
    await vi.advanceTimersByTimeAsync(43_000)
    expect(told).toEqual(['live'])
    await vi.advanceTimersByTimeAsync(2000)
    expect(told).toEqual(['live', 'lost 0'])
  })

  it('says why the server refuses, and tries again', async () => {
    server.failure = 404
    begin()
    await vi.advanceTimersByTimeAsync(1000)
    expect(told[0]).toBe('refused 404')
    server.failure = null
    await vi.advanceTimersByTimeAsync(10_000)
    expect(told.at(-1)).toBe('live')
  })
})
