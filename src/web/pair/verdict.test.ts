import { describe, expect, it } from 'vitest'
import type { FlowTally } from './track'
import { flowVerdict, wayOf, wayOfPair } from './verdict'

const flows = (sent: number, ...lost: number[]): FlowTally[] =>
  lost.map((each, place) => ({ port: 40001 + place, sent, lost: each, there: each, back: 0 }))

/** Lost of so many, by a sequence that is the same each time. */
function chance(loss: number, sent: number, seed: number): number {
  let state = seed
  let lost = 0
  for (let datagram = 0; datagram < sent; datagram++) {
    state = (state * 1664525 + 1013904223) >>> 0
    if (state / 2 ** 32 < loss) lost++
  }
  return lost
}

describe('the way that loses', () => {
  it('is the one on which nearly all was lost', () => {
    expect(wayOf({ sent: 100, lost: 20, there: 19, back: 1 })).toBe('there')
    expect(wayOf({ sent: 100, lost: 20, there: 0, back: 20 })).toBe('back')
    expect(wayOf({ sent: 100, lost: 20, there: 8, back: 12 })).toBe('both')
  })

  it('is not made up where it is not known', () => {
    expect(wayOf({ sent: 100, lost: 100, there: null, back: null })).toBe('unknown')
    expect(wayOf({ sent: 100, lost: 100, there: 3, back: 0 })).toBe('unknown')
    expect(wayOf({ sent: 100, lost: 0, there: 0, back: 0 })).toBeNull()
  })
})

describe('the way that a pair loses', () => {
  const silent = { port: 40001, sent: 100, lost: 100, there: null, back: null }

  it('is told by both ends: what one loses on the way there, the replies of the other lose on the way back', () => {
    const back = [{ port: 50001, sent: 100, lost: 10, there: 0, back: 10 }]
    expect(wayOfPair(flows(100, 10, 8), back)).toEqual({ way: 'there', silent: 0 })
    expect(wayOfPair(flows(100, 0, 0), back)).toEqual({ way: 'there', silent: 0 })
    expect(wayOfPair(flows(100, 10, 8), flows(100, 9, 9))).toEqual({ way: 'both', silent: 0 })
    expect(wayOfPair(flows(100, 0), flows(100, 0))).toEqual({ way: null, silent: 0 })
  })

  it('is told by the flows that get replies, however much the others lose', () => {
    expect(wayOfPair([silent, ...flows(100, 8, 9, 7)], [])).toEqual({ way: 'there', silent: 1 })
    expect(wayOfPair([silent, ...flows(100, 0, 1)], flows(100, 0))).toEqual({ way: 'unknown', silent: 1 })
    expect(wayOfPair([silent], [])).toEqual({ way: 'unknown', silent: 1 })
  })
})

describe('flows that lose', () => {
  it('names the one of many, and what the others lose', () => {
    expect(flowVerdict(flows(60, 0, 60, 0, 0))).toMatchObject({
      kind: 'some',
      flows: 4,
      bad: [{ port: 40002 }],
      badLoss: 1,
      restLoss: 0,
    })
    expect(flowVerdict(flows(240, 20, 17, 240, 22))).toMatchObject({ kind: 'some', bad: [{ port: 40003 }], badLoss: 1 })
  })

  it('names the worst first where there are several', () => {
    const verdict = flowVerdict(flows(100, 0, 40, 100, 0, 0, 0, 0, 0))
    expect(verdict.kind === 'some' && verdict.bad.map((flow) => flow.port)).toEqual([40003, 40002])
  })

  it('sees one that is spared when most lose', () => {
    expect(flowVerdict(flows(60, 60, 60, 60, 60, 60, 60, 60, 0))).toMatchObject({ kind: 'some', badLoss: 1, restLoss: 0 })
    expect(flowVerdict(flows(100, 100, 0))).toMatchObject({ kind: 'some', bad: [{ port: 40001 }] })
  })

  it('does not take chance for a broken path', () => {
    for (let seed = 1; seed <= 300; seed++) {
      for (const loss of [0.003, 0.03, 0.08, 0.5, 0.97]) {
        const lost = [1, 2, 3, 4].map((flow) => chance(loss, 120, seed * 7919 + flow * 104729))
        expect(['none', 'few', 'all'], `seed ${seed}, loss ${loss}: ${lost.join(' ')}`).toContain(
          flowVerdict(flows(120, ...lost)).kind,
        )
      }
    }
  })

  it('says when all lose alike, when nothing is lost, and when it is too little to tell', () => {
    expect(flowVerdict(flows(60, 60, 60))).toEqual({ kind: 'all', flows: 2, loss: 1 })
    expect(flowVerdict(flows(60, 6, 5, 7))).toMatchObject({ kind: 'all', loss: 0.1 })
    expect(flowVerdict(flows(60, 0, 0))).toEqual({ kind: 'none', flows: 2 })
    expect(flowVerdict(flows(60, 1, 0, 1))).toEqual({ kind: 'few', flows: 3, lost: 2 })
    expect(flowVerdict(flows(0, 0))).toEqual({ kind: 'nothing' })
    expect(flowVerdict(flows(60, 60))).toEqual({ kind: 'all', flows: 1, loss: 1 })
  })
})
