// What the matrix shows, as a table for other programs. Columns have the names of the server's metrics, in the server's units.

import { metricNames } from '../api/types'
import { fieldOf } from '../look/csv'
import { mark, type CellGrid, type MatrixData } from './model'

/** A line for each cell that was measured, in pieces. Of folded cells it is the worst pair, beside the folds it stands for. */
export function* csvOf(grid: CellGrid, data: MatrixData): Generator<string> {
  const metrics = metricNames.filter((name) => data.metrics.has(name))
  const isFolded = [...grid.rows, ...grid.columns].some((line) => line.kind === 'fold')
  const head = [...(isFolded ? ['row', 'column', 'pairs'] : []), 'source', 'destination', ...metrics]
  if (data.baseline) head.push('rtt_p50_of_24h')
  yield head.join(',') + '\r\n'

  const width = data.destinations.length
  const sources = data.sources.map(fieldOf)
  const destinations = data.destinations.map(fieldOf)
  for (let row = 0, cell = 0; row < grid.rows.length; row++) {
    const from = grid.rows[row]!
    let piece = ''
    for (let column = 0; column < grid.columns.length; column++, cell++) {
      if ((grid.marks[cell]! & mark.measured) === 0) continue
      const pair = grid.pairs[cell]!
      const fields: (string | number)[] = []
      if (isFolded) {
        const to = grid.columns[column]!
        fields.push(fieldOf(from.label), fieldOf(to.label), from.count * to.count)
      }
      fields.push(sources[Math.floor(pair / width)]!, destinations[pair % width]!)
      for (const name of metrics) {
        const value = data.metrics.get(name)![pair]!
        fields.push(name === 'suspect' || name === 'stale' ? (value === 1 ? 'true' : 'false') : numberOf(value))
      }
      if (data.baseline) fields.push(numberOf(data.baseline[pair]!))
      piece += fields.join(',') + '\r\n'
    }
    if (piece) yield piece
  }
}

/** Numbers were 32 bit floats: 0.075, and not 0.07500000298023224. What was not measured is nothing. */
function numberOf(value: number): string {
  if (Number.isNaN(value)) return ''
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(7)))
}
