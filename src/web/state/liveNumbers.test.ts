import { describe, expect, it } from 'vitest'
import { LiveNumbers } from './liveNumbers'
import type { LoadedMatrix, LoadedRow } from './messages'

const now = Date.UTC(2026, 10, 22, 12)

/** Two probes that measure each other every 10 s, and have done so 4 s ago. */
function matrix(): LoadedMatrix {
  return {
    group: 'wan',
    class: 0,
    classes: [0],
    now,
    sources: ['a', 'b'],
    destinations: ['a', 'b'],
    metrics: new Map([
      ['loss', Float32Array.of(NaN, 0, 0, NaN)],
      ['age', Float32Array.of(NaN, 4, 4, NaN)],
      ['suspect', Float32Array.of(NaN, 0, 0, NaN)],
      ['stale', Float32Array.of(NaN, 0, 0, NaN)],
    ]),
    newest: null,
    intervalMs: 10_000,
  }
}

function row(source: number, destination: number, end: number, loss: number, suspect = false): LoadedRow {
  return {
    source,
    start: end - 10_000,
    end,
    suspect,
    destinations: Int32Array.of(destination),
    metrics: [['loss', Float32Array.of(loss)]],
  }
}

describe('live numbers', () => {
  it('take in a row, and say which one', () => {
    const numbers = new LiveNumbers(matrix(), null, null)
    const before = numbers.at(now)
    numbers.fill([row(1, 0, now + 6000, 0.5, true)])
    const after = numbers.at(now + 7000)
    expect([...after.metrics.get('loss')!]).toEqual([NaN, 0, 0.5, NaN])
    expect([...after.metrics.get('age')!]).toEqual([NaN, 11, 1, NaN])
    expect([...after.metrics.get('suspect')!]).toEqual([NaN, 0, 1, NaN])
    expect(after.at).toBe(now + 7000)
    expect(after.version).toBeGreaterThan(before.version)
    expect([...after.changedAt!].map((version) => version > before.version)).toEqual([false, true])
  })

  it('keep what is newer than a row that comes late', () => {
    const numbers = new LiveNumbers(matrix(), null, null)
    numbers.fill([row(0, 1, now - 14_000, 1)])
    expect([...numbers.at(now).metrics.get('loss')!]).toEqual([NaN, 0, 0, NaN])
  })

  it('get stale three intervals and a minute after the last one, without anything coming', () => {
    const numbers = new LiveNumbers(matrix(), null, null)
    const before = numbers.at(now)
    expect(numbers.nextStaleAt).toBe(now - 4000 + 90_000)
    numbers.fill([row(1, 0, now + 26_000, 0)])
    numbers.at(now + 27_000)
    const after = numbers.at(now + 86_001)
    expect([...after.metrics.get('stale')!]).toEqual([NaN, 1, 0, NaN])
    expect(after.changedAt![0]).toBe(after.version)
    expect(after.changedAt![0]).toBeGreaterThan(before.version)
    expect(numbers.nextStaleAt).toBe(now + 26_000 + 90_000)
  })

  it('are not stale any more once something comes', () => {
    const numbers = new LiveNumbers(matrix(), null, null)
    expect(numbers.at(now + 200_000).metrics.get('stale')![1]).toBe(1)
    numbers.fill([row(0, 1, now + 200_000, 0)])
    expect(numbers.at(now + 201_000).metrics.get('stale')![1]).toBe(0)
  })

  it('go by the length of the intervals that come, where that is more than the group says', () => {
    const numbers = new LiveNumbers(matrix(), null, null)
    numbers.fill([
      { ...row(0, 1, now, 0), start: now - 60_000 },
      { ...row(1, 0, now, 0), start: now - 60_000 },
    ])
    numbers.at(now)
    expect(numbers.nextStaleAt).toBe(now + 3 * 60_000 + 60_000)
  })

  it('of a past moment are those of that moment for ever', () => {
    const numbers = new LiveNumbers(matrix(), now - 3_600_000, null)
    const data = numbers.at(now + 1_000_000)
    expect(data.at).toBe(now - 3_600_000)
    expect(data.isLive).toBe(false)
    expect([...data.metrics.get('stale')!]).toEqual([NaN, 0, 0, NaN])
    expect(numbers.nextStaleAt).toBe(Infinity)
  })

  it('refuse a baseline of another size, and keep one for the same names', () => {
    const numbers = new LiveNumbers(matrix(), null, null)
    expect(numbers.setBaseline(Float32Array.of(1, 2))).toBe(false)
    expect(numbers.setBaseline(Float32Array.of(NaN, 2, 3, NaN))).toBe(true)
    const before = numbers.at(now)
    expect(new LiveNumbers(matrix(), null, before).at(now).baseline).toBe(before.baseline)
    expect(new LiveNumbers({ ...matrix(), sources: ['a', 'c'] }, null, before).at(now).baseline).toBeNull()
  })
})
