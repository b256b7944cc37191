import { expect, it } from 'vitest'
import { csvOf } from './csv'
import type { Side } from './numbers.svelte'
import { trackMetrics, type Track } from './track'

it('writes pairs and flows, leaves out what was not measured, and makes formulas into text', () => {
  const columns = {} as Track['columns']
  for (const metric of trackMetrics) columns[metric] = [NaN]
  columns.loss = [0.5]
  const flow = { at: [60_000], lengths: [60_000], columns: { loss: [1], loss_forward: [1], loss_reverse: [NaN], sent: [4] } }
  const side: Side = {
    source: '=cmd|"x"',
    destination: 'a,b',
    tally: null,
    flowTallies: [],
    track: { at: [0], lengths: [60_000], columns },
    flows: [{ port: 40001, sent: 4, lost: 4, there: 4, back: null, track: flow }],
  }
  const lines = csvOf([side]).trimEnd().split('\r\n')
  expect(lines[0]).toBe(`source,destination,source_port,start,end,${trackMetrics.join(',')}`)
  expect(lines[1]).toBe(
    `"'=cmd|""x""","a,b",,1970-01-01T00:00:00.000Z,1970-01-01T00:01:00.000Z,0.5${','.repeat(trackMetrics.length - 1)}`,
  )
  expect(lines[2]).toContain(',40001,1970-01-01T00:01:00.000Z,1970-01-01T00:02:00.000Z,1,1,,')
  expect(lines).toHaveLength(3)
})
