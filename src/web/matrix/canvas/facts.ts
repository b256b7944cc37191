import { duration, loss, notMeasured, span } from '../../look/format'
import type { PairMetric } from '../../api/types'
import type { Colouring } from '../../state/place'
import { mark, type CellGrid, type Line, type MatrixData, type Scale } from '../model'

/** What is known of a cell, in words. */
export interface Facts {
  source: string
  destination: string
  /** What is folded into the cell, of which source and destination are the worst; null where it is a pair of its own. */
  fold: { row: string; column: string; pairs: number } | null
  /** What is shown, above the others. */
  value: { name: string; text: string }
  /** What else is known: the numbers in two columns. */
  numbers: { name: string; text: string }[]
  /** What one should know before believing the numbers. */
  warnings: string[]
}

const numbers: { name: string; metric: PairMetric; text: (value: number) => string }[] = [
  { name: 'Loss', metric: 'loss', text: loss },
  { name: 'Loss forward', metric: 'loss_forward', text: loss },
  { name: 'Loss reverse', metric: 'loss_reverse', text: loss },
  { name: 'RTT min', metric: 'rtt_min', text: duration },
  { name: 'RTT p50', metric: 'rtt_p50', text: duration },
  { name: 'RTT p90', metric: 'rtt_p90', text: duration },
  { name: 'RTT p99', metric: 'rtt_p99', text: duration },
  { name: 'RTT max', metric: 'rtt_max', text: duration },
  { name: 'Jitter', metric: 'jitter', text: duration },
  { name: 'Sent', metric: 'sent', text: (value) => String(value) },
  { name: 'Age', metric: 'age', text: span },
]

/** The facts of a cell; null where there is nothing to tell of, as of a probe and itself. */
export function factsOf(
  grid: CellGrid,
  data: MatrixData,
  scale: Scale,
  colouring: Colouring,
  row: number,
  column: number,
): Facts | null {
  const from = grid.rows[row]
  const to = grid.columns[column]
  if (!from || !to) return null
  const cell = row * grid.columns.length + column
  const marks = grid.marks[cell]!
  const pair = grid.pairs[cell]!
  const isFold = from.kind === 'fold' || to.kind === 'fold'
  const [source, destination] = namesOf(data, pair, from, to)
  const facts: Facts = {
    source,
    destination,
    fold: isFold ? { row: from.label, column: to.label, pairs: from.count * to.count } : null,
    value: { name: scale.title, text: notMeasured },
    numbers: [],
    warnings: [],
  }
  if (marks & mark.self) {
    if (!isFold) return null
    facts.warnings.push('A probe does not measure itself.')
    return facts
  }
  if ((marks & mark.measured) === 0) {
    facts.warnings.push('Never measured.')
    return facts
  }
  const value = grid.values[cell]!
  facts.value.text = Number.isNaN(value) ? notMeasured : scale.text(value)
  for (const { name, metric, text } of numbers) {
    const values = data.metrics.get(metric)
    if (values && pair >= 0 && metric !== colouring) {
      const number = values[pair]!
      facts.numbers.push({ name, text: Number.isNaN(number) ? notMeasured : text(number) })
    }
  }
  const usual = data.baseline && pair >= 0 ? data.baseline[pair]! : NaN
  if (!Number.isNaN(usual)) facts.numbers.push({ name: 'RTT p50 of 24 h', text: duration(usual) })
  if (marks & mark.stale) {
    const age = data.metrics.get('age')?.[pair]
    facts.warnings.push(age === undefined || Number.isNaN(age) ? 'Stale: no new result.' : `Stale: no result for ${span(age)}.`)
  }
  if (marks & mark.suspect) facts.warnings.push('Suspect: the source does not trust this interval.')
  return facts
}

/** What a reader hears of a cell. */
export function sentenceOf(facts: Facts | null, row: Line | undefined, column: Line | undefined): string {
  if (!row && !column) return ''
  if (!row || !column) {
    const line = row ?? column
    if (!line) return ''
    const what = row ? 'From' : 'To'
    return line.kind === 'fold'
      ? `${what} ${line.label}, ${line.count} ${line.count === 1 ? 'probe' : 'probes'}, ${line.isOpen ? 'open' : 'folded'}. Enter ${line.isOpen ? 'folds' : 'opens'} it.`
      : `${what} ${line.label}.`
  }
  if (!facts) return `${row.label}, to itself.`
  const parts = facts.fold
    ? [
        `${facts.fold.row} to ${facts.fold.column}: the worst of ${facts.fold.pairs} pairs is ${facts.source} to ${facts.destination}.`,
      ]
    : [`${facts.source} to ${facts.destination}.`]
  if (facts.value.text !== notMeasured) parts.push(`${facts.value.name} ${facts.value.text}.`)
  for (const { name, text } of facts.numbers) if (name === 'Loss' || name === 'RTT p50') parts.push(`${name} ${text}.`)
  return [...parts, ...facts.warnings].join(' ')
}

/** Names of the pair that a cell shows; of the lines where it shows none. */
export function namesOf(data: MatrixData, pair: number, row: Line, column: Line): [string, string] {
  const count = data.destinations.length
  const source = pair >= 0 ? data.sources[Math.floor(pair / count)] : undefined
  const destination = pair >= 0 ? data.destinations[pair % count] : undefined
  return [source ?? row.label, destination ?? column.label]
}
