import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../api/client'
import { feed } from './feed.svelte'
import { whyOld } from './oldness.svelte'
import { Poll } from './poll.svelte'

describe('what was asked for last', () => {
  let poll: Poll<number>

  beforeEach(() => {
    feed.status = 'live'
    poll = new Poll<number>(1000)
    poll.value = 1
    poll.cameAt = performance.now()
  })

  it('is not old while answers come', () => {
    expect(whyOld(poll, 20_000)).toBeNull()
  })

  it('is old once a question fails, in the words of the failure', () => {
    poll.problem = new ApiError(503, 'Come later.')
    expect(whyOld(poll, 20_000)).toBe('Come later.')
  })

  it('is old at once when the server is lost', () => {
    feed.status = 'lost'
    expect(whyOld(poll, 20_000)).toBe('The server does not answer.')
  })

  it('is old when nothing has been asked for too long', () => {
    poll.cameAt -= 25_000
    expect(whyOld(poll, 20_000)).toBe('The page was asleep.')
    expect(whyOld(poll, 60_000)).toBeNull()
  })

  it('can not be old before there is something', () => {
    poll.value = null
    feed.status = 'lost'
    expect(whyOld(poll, 20_000)).toBeNull()
  })
})
