// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeServer } from './fakeServer'
import { Loader } from './loader'
import type { FromLoader, LoaderStatus, Want } from './messages'

let server: FakeServer
let loader: Loader
let told: FromLoader[]

const want: Want = {
  turn: 1,
  base: 'http://server/',
  token: '',
  group: null,
  class: null,
  at: null,
  colouring: 'loss',
  withWays: false,
}
const at = Date.UTC(2026, 10, 22, 11)

const statuses = (): LoaderStatus[] => told.flatMap((message) => (message.kind === 'status' ? [message.status] : []))
const matrices = () => told.flatMap((message) => (message.kind === 'matrix' ? [message] : []))
const settle = (ms = 1000) => vi.advanceTimersByTimeAsync(ms)

describe('the loader', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 12) })
    server = new FakeServer()
    told = []
    loader = new Loader((message) => void told.push(message))
  })

  afterEach(() => {
    loader.rest()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('shows the first group where none is named', async () => {
    server.groups = ['lab', 'wan'].map((name) => ({ ...server.groups[0]!, name }))
    loader.show(want)
    await settle()
    expect(matrices()[0]?.matrix.group).toBe('lab')
    expect(told.find((message) => message.kind === 'groups')).toMatchObject({ groups: [{ name: 'lab' }, { name: 'wan' }] })
    expect(statuses()).toEqual(['live'])
  })

  it('sends the token with everything', async () => {
    loader.show({ ...want, token: 'secret' })
    await settle()
    expect(server.headers.map((headers) => headers.get('Authorization'))).toEqual(Array(3).fill('Bearer secret'))
  })

  it('shows a past moment, and listens to nothing', async () => {
    loader.show({ ...want, at })
    await settle()
    expect(server.askedOf('api/v2/matrix').map((asked) => asked.get('at'))).toEqual([String(at)])
    expect(server.openStreams).toBe(0)
    expect(statuses()).toEqual(['past'])
  })

  it('looks back far enough for an interval that is long', async () => {
    loader.show({ ...want, at })
    await settle()
    server.groups = server.groups.map((group) => ({ ...group, interval_s: 600 }))
    loader.rest()
    loader.show({ ...want, at, token: 'another' })
    await settle()
    expect(server.askedOf('api/v2/matrix').map((asked) => asked.get('window'))).toEqual([null, '1200s'])
  })

  it('drops a moment that is not wanted any more', async () => {
    loader.show({ ...want, at })
    await settle()
    let open = () => {}
    server.gate = new Promise((resolve) => (open = resolve))
    for (let i = 1; i <= 5; i++) {
      loader.show({ ...want, turn: 1 + i, at: at + i * 60_000 })
      await settle(20)
    }
    open()
    await settle()
    expect(matrices().map((message) => message.turn)).toEqual([1, 6])
  })

  it('goes back to live', async () => {
    loader.show({ ...want, at })
    await settle()
    loader.show({ ...want, turn: 2 })
    await settle()
    expect(server.openStreams).toBe(1)
    expect(statuses()).toEqual(['past', 'live'])
    expect(told.at(-1)?.turn).toBe(2)
  })

  it('asks for nothing anew when a small group is coloured in another way', async () => {
    loader.show({ ...want, group: 'wan' })
    await settle()
    const before = server.asked.length
    loader.show({ ...want, group: 'wan', turn: 2, colouring: 'jitter' })
    await settle()
    expect(server.asked).toHaveLength(before)
    await server.tell({
      source: 'a',
      start: '2026-11-22T12:00:00Z',
      end: '2026-11-22T12:00:10Z',
      destinations: ['b'],
      metrics: { loss: [1] },
    })
    await settle()
    expect(told.at(-1)).toMatchObject({ kind: 'interval', turn: 2, end: Date.UTC(2026, 10, 22, 12, 0, 10) })
  })

  it('asks for the metric that a large group is coloured by', async () => {
    server.groups[0]!.probes = 1000
    loader.show({ ...want, group: 'wan' })
    await settle()
    loader.show({ ...want, group: 'wan', turn: 2, colouring: 'jitter' })
    await settle()
    expect(server.askedOf('api/v2/matrix').map((asked) => asked.get('metrics')?.includes('jitter'))).toEqual([false, true])
    expect(server.openStreams).toBe(1)
  })

  it('loads the medians of the day before, only when they are looked at', async () => {
    loader.show({ ...want, group: 'wan' })
    await settle()
    expect(server.askedOf('api/v2/matrix').some((asked) => asked.has('from'))).toBe(false)
    loader.show({ ...want, group: 'wan', turn: 2, colouring: 'baseline' })
    await settle()
    const message = told.find((one) => one.kind === 'baseline')
    expect(message?.kind === 'baseline' && [...(message.values ?? [])]).toEqual([NaN, 1000, 1000, NaN])
    expect(server.askedOf('api/v2/matrix').at(-1)?.get('from')).toBe('now-24h')
  })

  it('loads those before a past moment, once for moments that are near to each other', async () => {
    for (const [i, minutes] of [0, 1, 2, 11].entries()) {
      loader.show({ ...want, turn: i + 1, at: at + minutes * 60_000, colouring: 'baseline' })
      await settle()
    }
    const asked = server.askedOf('api/v2/matrix').flatMap((one) => (one.has('from') ? [Number(one.get('to'))] : []))
    expect(asked).toEqual([at, at + 600_000])
    expect(told.filter((message) => message.kind === 'baseline')).toHaveLength(4)
  })

  it('asks for a baseline once at a time, and again where it could not be told', async () => {
    loader.show({ ...want, group: 'wan' })
    await settle()
    const baselines = () => told.flatMap((message) => (message.kind === 'baseline' ? [message.problem] : []))
    let open = () => {}
    server.gate = new Promise((resolve) => (open = resolve))
    server.failure = 500
    const colourings = ['baseline', 'loss', 'baseline'] as const
    colourings.forEach((colouring, i) => loader.show({ ...want, group: 'wan', turn: 2 + i, colouring }))
    open()
    await settle()
    expect(server.askedOf('api/v2/matrix').filter((asked) => asked.has('from'))).toHaveLength(1)
    expect(baselines()).toEqual(['Refused with 500.'])
    server.failure = null
    await settle(30_000)
    expect(baselines()).toEqual(['Refused with 500.', null])
  })

  it('asks for the matrix again when the members of the group have changed', async () => {
    loader.show(want)
    await settle()
    server.groups = [{ ...server.groups[0]!, config_tag: 't2' }]
    server.version++
    await settle(31_000)
    expect(matrices()).toHaveLength(2)
  })

  it('says that the server does not answer, and shows what there is once it does', async () => {
    server.failure = 0
    loader.show(want)
    await settle()
    expect(statuses()).toEqual(['lost'])
    server.failure = null
    await settle(10_000)
    expect(statuses().at(-1)).toBe('live')
    expect(matrices()).toHaveLength(1)
  })

  it('does not ask again with a token that is not taken', async () => {
    server.failure = 401
    loader.show(want)
    await settle(60_000)
    expect(server.asked).toHaveLength(1)
    expect(told.at(-1)).toMatchObject({ kind: 'status', status: 'refused', code: 401 })
  })

  it('rests when it is told to', async () => {
    loader.show(want)
    await settle()
    loader.rest()
    const before = server.asked.length
    await settle(120_000)
    expect(server.asked).toHaveLength(before)
    expect(server.openStreams).toBe(0)
  })
})
