import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ApiError } from '../api/client'
import { Poll } from './poll.svelte'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('asks again after each pause, and no more once it is stopped', async () => {
  const poll = new Poll<number>(5000)
  let asked = 0
  const stop = poll.run('a', async () => ++asked)
  await vi.advanceTimersByTimeAsync(12_000)
  expect(asked).toBe(3)
  expect(poll.value).toBe(3)
  stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toBe(3)
})

it('keeps what it had when the server stops answering, says so, and comes back sooner', async () => {
  const poll = new Poll<string>(60_000)
  let isThere = true
  const stop = poll.run('a', async () => {
    if (!isThere) throw new ApiError(0, 'The server does not answer.')
    return 'here'
  })
  await vi.advanceTimersByTimeAsync(1)
  isThere = false
  await vi.advanceTimersByTimeAsync(60_000)
  expect([poll.value, poll.problem?.message]).toEqual(['here', 'The server does not answer.'])
  isThere = true
  await vi.advanceTimersByTimeAsync(3000)
  expect([poll.value, poll.problem]).toEqual(['here', null])
  stop()
})

it('shows nothing of one key under another', async () => {
  const poll = new Poll<string>(5000)
  let late: (value: string) => void = () => undefined
  const stop = poll.run('wan', () => new Promise((resolve) => (late = resolve)))
  stop()
  const stopLab = poll.run('lab', async () => 'lab')
  late('wan')
  await vi.advanceTimersByTimeAsync(1)
  expect(poll.value).toBe('lab')
  stopLab()
  const stopNone = poll.run('none', () => new Promise(() => undefined))
  expect(poll.value).toBe(null)
  stopNone()
})

it('asks at once when told to', async () => {
  const poll = new Poll<number>(60_000)
  let asked = 0
  const stop = poll.run('a', async () => ++asked)
  await vi.advanceTimersByTimeAsync(1)
  poll.again()
  await vi.advanceTimersByTimeAsync(1)
  expect(poll.value).toBe(2)
  stop()
})
