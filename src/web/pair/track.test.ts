import { describe, expect, it } from 'vitest'
import type { FlowsAnswer, MatrixAnswer, SeriesAnswer } from '../api/types'
import { fillWays, filled, flowTracks, gapsOf, stepAt, tallyOf, trackOf } from './track'

const frame = { group: 'wan', class: 0, class_name: 'CS0', from: '', to: '', step_ms: 60, oldest: null, newest: null }

describe('the track of a pair', () => {
  const answer: SeriesAnswer = {
    ...frame,
    series: [
      { source: 'ams*', destination: 'fra', at_ms: [0], metrics: { loss: [1] } },
      { source: 'ams', destination: 'fra', at_ms: [0, 60, 180], metrics: { loss: [0, null, 0.5], suspect: [false, true, null] } },
    ],
  }

  it('is that of the very names, and null stays not measured', () => {
    const track = trackOf(answer, 'ams', 'fra')
    expect(track?.columns.loss).toEqual([0, NaN, 0.5])
    expect(track?.columns.suspect).toEqual([0, 1, NaN])
    expect(track?.columns.jitter).toEqual([NaN, NaN, NaN])
    expect(trackOf(answer, 'fra', 'ams')).toBeNull()
  })

  it('finds the step that holds a time, and none in a gap', () => {
    const track = trackOf(answer, 'ams', 'fra')!
    expect([-1, 0, 59, 60, 119, 120, 179, 180, 240].map((time) => stepAt(track, time))).toEqual([-1, 0, 0, 1, 1, -1, -1, 2, -1])
  })

  it('tells its gaps, at both ends too', () => {
    const track = trackOf(answer, 'ams', 'fra')!
    expect(gapsOf(track, -100, 400, 30)).toEqual([
      [-100, 0],
      [120, 180],
      [240, 400],
    ])
  })
})

describe('a flow', () => {
  it('adds up what was lost each way, and does not know what was not told', () => {
    const flow = (forward: (number | null)[]): FlowsAnswer => ({
      ...frame,
      source: 'ams',
      destination: 'fra',
      flows: [
        {
          source_port: 40001,
          sent: 30,
          lost: 15,
          loss: 0.5,
          at_ms: [0, 60],
          metrics: { sent: [10, 20], loss: [1, 0.25], loss_forward: forward, loss_reverse: [null, null] },
        },
      ],
    })
    expect(flowTracks(flow([1, 0.25]))[0]).toMatchObject({ port: 40001, sent: 30, lost: 15, there: 15, back: null })
    expect(flowTracks(flow([null, 0.25]))[0]).toMatchObject({ there: 5 })
    expect(flowTracks(flow([null, null]))[0]).toMatchObject({ there: null })
  })
})

describe('a pair with a flow that gets no reply', () => {
  const flow = (port: number, lost: number, there: number | null) => ({
    port,
    sent: 10,
    lost,
    there,
    back: there === null ? null : 0,
    track: {
      at: [0],
      lengths: [60],
      columns: {
        loss: [lost / 10],
        loss_forward: [there === null ? NaN : there / 10],
        loss_reverse: [there === null ? NaN : 0],
        sent: [10],
      },
    },
  })

  it('still tells which way the others lose', () => {
    const series = {
      source: 'ams',
      destination: 'fra',
      at_ms: [0],
      metrics: { loss: [0.55], loss_forward: [null], loss_reverse: [null], sent: [20] },
    }
    const track = trackOf({ ...frame, series: [series] }, 'ams', 'fra')!
    fillWays(track, [flow(1, 10, null), flow(2, 1, 1)])
    expect([track.columns.loss_forward[0], track.columns.loss_reverse[0]]).toEqual([0.05, 0])
    fillWays(track, [])
    expect(track.columns.loss_forward[0]).toBe(0.05)

    const nothing = { rttMin: NaN, rttP50: NaN, rttP90: NaN, rttP99: NaN, rttMax: NaN, jitter: NaN, isSuspect: false }
    const tally = { sent: 20, lost: 11, there: null, back: null, ...nothing }
    expect(filled(tally, [flow(1, 10, null), flow(2, 1, 1)])).toMatchObject({ sent: 20, lost: 11, there: 1, back: 0 })
    expect(filled(tally, [flow(1, 10, null)])).toMatchObject({ there: null, back: null })
  })
})

describe('the tally of a pair', () => {
  const answer: MatrixAnswer = {
    ...frame,
    classes: [0],
    now: '',
    sources: ['ams', 'fra'],
    destinations: ['fra', 'ams'],
    destinations_left_out: 0,
    metrics: {
      sent: [
        [10, null],
        [null, 20],
      ],
      lost: [
        [4, null],
        [null, 0],
      ],
      loss_forward: [
        [null, null],
        [null, 0],
      ],
      lost_forward: [
        [0, null],
        [null, 0],
      ],
    },
  }

  it('is found by its names, and does not take an unknown way for none lost', () => {
    expect(tallyOf(answer, 'ams', 'fra')).toMatchObject({ sent: 10, lost: 4, there: null, back: null, rttP50: NaN })
    expect(tallyOf(answer, 'fra', 'ams')).toMatchObject({ sent: 20, lost: 0, there: 0 })
    expect(tallyOf(answer, 'ams', 'ams')).toBeNull()
    expect(tallyOf(answer, 'ams', 'nowhere')).toBeNull()
  })
})
