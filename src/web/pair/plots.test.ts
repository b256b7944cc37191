import { describe, expect, it } from 'vitest'
import { palettes } from './palette'
import { drawLoss, drawPath, jitterScales, lossScale, rttScales } from './plots'
import { trackMetrics, type Track } from './track'

function track(columns: Partial<Track['columns']>): Track {
  const count = Math.max(...Object.values(columns).map((column) => column.length))
  const at = Array.from({ length: count }, (_, step) => step * 60)
  const all = {} as Track['columns']
  for (const metric of trackMetrics) all[metric] = columns[metric] ?? at.map(() => NaN)
  return { at, lengths: at.map(() => 60), columns: all }
}

const ms = 1e6
const texts = (scale: { ticks: number[]; text: (value: number) => string }) => scale.ticks.map(scale.text)

/** A hundred pixels for all of loss there, as many for all of loss back. */
const brush = { x: (time: number) => time, y: (value: number) => 100 - 100 * value, top: 0, bottom: 200 }

describe('axes', () => {
  it('show loss there above the line and loss back below it, the same for both directions', () => {
    const there = track({ loss: [0, 0.08], loss_forward: [0, 0.08], loss_reverse: [0, 0] })
    const both = track({ loss: [0.4], loss_forward: [0.1], loss_reverse: [0.3] })
    expect(lossScale([there])).toMatchObject({ high: 0.1, low: -0.025 })
    expect(lossScale([there, both])).toMatchObject({ high: 0.125, low: -0.5 })
    expect(texts(lossScale([both]))).toEqual(['0 %', '50 %'])
    expect(lossScale([track({ loss: [0] })])).toMatchObject({ high: 0.01, low: -0.01 })
  })

  it('leave room on both sides for loss of which the way is not known', () => {
    expect(lossScale([track({ loss: [1], loss_forward: [NaN], loss_reverse: [NaN] })])).toMatchObject({ high: 1, low: -1 })
  })

  it('are shared by round trips that overlap, and not by those that do not', () => {
    const far = track({ rtt_min: [60 * ms], rtt_p99: [66 * ms], rtt_max: [70 * ms] })
    const near = track({ rtt_min: [65 * ms], rtt_p99: [80 * ms], rtt_max: [81 * ms] })
    const here = track({ rtt_min: [2000], rtt_p99: [9000], rtt_max: [9500] })
    const [one, other] = rttScales([far, near])
    expect(one).toEqual(other)
    expect(one!.low).toBeLessThanOrEqual(60 * ms)
    expect(one!.high).toBeGreaterThanOrEqual(81 * ms)
    const apart = rttScales([far, here])
    expect(apart[1]!.high).toBeLessThan(ms)
    expect(rttScales([far, null])[1]).toBeNull()
  })

  it('cut off rare slow replies, and hold what there is where there are no percentiles', () => {
    expect(rttScales([track({ rtt_min: [1 * ms], rtt_p99: [2 * ms], rtt_max: [900 * ms] })])[0]!.high).toBeLessThan(4 * ms)
    const bare = rttScales([track({ rtt_min: [95.1 * ms], rtt_max: [95.4 * ms] })])[0]!
    expect(bare.high).toBeGreaterThanOrEqual(95.4 * ms)
    expect(new Set(texts(bare)).size).toBe(bare.ticks.length)
    expect(rttScales([track({ loss: [1] })])[0]).toBeNull()
  })

  it('of jitter are each its own where one would hardly be seen', () => {
    const [rough, smooth] = jitterScales([track({ jitter: [8 * ms] }), track({ jitter: [2000] })])
    expect(texts(rough!)[0]).toBe('0')
    expect(smooth!.high).toBeLessThan(0.1 * ms)
    expect(jitterScales([track({ loss: [1] })])).toEqual([null])
  })
})

describe('what is drawn', () => {
  it('of loss is up for there, down for back, and both for what nobody knows', () => {
    const drawn = (columns: Partial<Track['columns']>) =>
      drawLoss(
        track(columns),
        palettes.light,
      )(brush).map(({ shape, style }) => {
        const { y, height } = shape as { y: number; height: number }
        return [Math.round(y), Math.round(height), (style as { fill: string }).fill]
      })
    const { there, back, unknown } = palettes.light
    expect(drawn({ loss: [0.5], loss_forward: [0.4], loss_reverse: [0.1] })).toEqual([
      [60, 40, there],
      [100, 10, back],
    ])
    expect(drawn({ loss: [1], loss_forward: [NaN], loss_reverse: [NaN] })).toEqual([
      [0, 100, unknown],
      [100, 100, unknown],
    ])
    expect(drawn({ loss: [0, NaN], loss_forward: [0, NaN], loss_reverse: [0, NaN] })).toEqual([])
  })

  it('of the path is one line for each way, broken where nothing was measured', () => {
    const path = track({ forward_ttl: [60, 60, 58, NaN, 58], reverse_ttl: [NaN, NaN, NaN, NaN, NaN] })
    const lines = drawPath(path, palettes.light)({ ...brush, y: (hops) => hops })
    expect(lines.map(({ shape }) => (shape as { points: number[][] }).points)).toEqual([
      [
        [0, 4],
        [120, 4],
        [120, 6],
        [180, 6],
      ],
      [
        [240, 6],
        [300, 6],
      ],
    ])
  })
})
