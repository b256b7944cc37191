import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PairNumbers, type Question } from './numbers.svelte'

const now = Date.UTC(2026, 10, 22, 12)
const question: Question = { group: 'wan', class: null, source: 'ams,1', destination: 'fra', hours: 1, at: null }

type Answers = Record<string, unknown>

const frame = { group: 'wan', class: 0, class_name: 'CS0', classes: [0], from: '', to: '' }
const answers: Answers = {
  history: { now: new Date(now).toISOString(), fault: null, groups: [], levels: [{ name: 'raw', step_s: 0, kept_s: null }] },
  'groups/wan': { name: 'wan', interval_s: 10 },
  matrix: {
    ...frame,
    sources: ['ams,1'],
    destinations: ['fra'],
    metrics: { sent: [[40]], lost: [[4]], loss_forward: [[0.1]], loss_reverse: [[0]], lost_forward: [[4]], lost_reverse: [[0]] },
  },
  series: {
    ...frame,
    step_ms: 15000,
    series: [
      { source: 'ams-1', destination: 'fra', at_ms: [now - 15000], metrics: { loss: [1] } },
      { source: 'ams,1', destination: 'fra', at_ms: [now - 15000], metrics: { loss: [0.1] } },
    ],
  },
  flows: { ...frame, step_ms: 15000, flows: [{ source_port: 40001, sent: 40, lost: 4, loss: 0.1, at_ms: [], metrics: {} }] },
}

let asked: URL[]
let refusal: { status: number; detail: string } | null
let isReachable: boolean
let stop: () => void

beforeEach(() => {
  vi.useFakeTimers({ now })
  asked = []
  refusal = null
  isReachable = true
  vi.stubGlobal('fetch', (address: string) => {
    const url = new URL(address)
    asked.push(url)
    if (!isReachable) return Promise.reject(new TypeError('no network'))
    if (refusal) return Promise.resolve(new Response(JSON.stringify(refusal), { status: refusal.status }))
    const body = answers[url.pathname.replace(/^.*\/api\/v2\//, '')]
    return Promise.resolve(new Response(JSON.stringify(body), { status: body ? 200 : 404 }))
  })
})

afterEach(() => {
  stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function follow(change: Partial<Question> = {}): Promise<PairNumbers> {
  const numbers = new PairNumbers()
  stop = numbers.follow({ ...question, ...change })
  await vi.advanceTimersByTimeAsync(0)
  return numbers
}

const matrices = () => asked.filter((url) => url.pathname.endsWith('/matrix'))

describe('the numbers of a pair', () => {
  it('are those of the very names, both ways', async () => {
    const { view, status } = await follow()
    expect(status).toBe('ready')
    expect(view?.sides.map((side) => [side.source, side.tally?.lost ?? null, side.track?.columns.loss ?? null])).toEqual([
      ['ams,1', 4, [0.1]],
      ['fra', null, null],
    ])
    expect(matrices()[0]?.searchParams.get('source')).toBe('name=ams*1,name=fra')
  })

  it('are asked for again with each interval, and soon after a nudge', async () => {
    const numbers = await follow()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(matrices()).toHaveLength(2)
    numbers.nudge()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(matrices()).toHaveLength(3)
  })

  it('are asked for once of a span that is over', async () => {
    const { view } = await follow({ at: now - 86_400_000 })
    expect(view?.span.isRunning).toBe(false)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(matrices()).toHaveLength(1)
  })

  it('stay, and are told to be old, while the server does not answer', async () => {
    const numbers = await follow()
    isReachable = false
    await vi.advanceTimersByTimeAsync(10_000)
    expect(numbers.status).toBe('lost')
    expect(numbers.view?.asOf).toBe(now)
    isReachable = true
    await vi.advanceTimersByTimeAsync(5_000)
    expect(numbers.status).toBe('ready')
    expect(numbers.view?.asOf).toBe(now + 15_000)
  })

  it('are nothing of another pair while that is on its way', async () => {
    const numbers = await follow()
    stop()
    isReachable = false
    stop = numbers.follow({ ...question, destination: 'iad' })
    expect(numbers).toMatchObject({ view: null, status: 'loading', isBehind: true })
  })

  it('tell of a server without history, and of one that refuses, in its words', async () => {
    refusal = { status: 404, detail: 'This server keeps no history.' }
    expect(await follow()).toMatchObject({ status: 'forgetful', problem: 'This server keeps no history.' })
    stop()
    refusal = { status: 422, detail: 'Too long.' }
    expect(await follow()).toMatchObject({ status: 'refused', problem: 'Too long.' })
  })
})
