import { fieldOf } from '../look/csv'
import type { Side } from './numbers.svelte'
import { trackMetrics } from './track'

/** All numbers of the charts: a line for each pair and step, then a line for each flow and step. Nothing where nothing was measured. */
export function csvOf(sides: readonly Side[]): string {
  const head = ['source', 'destination', 'source_port', 'start', 'end', ...trackMetrics]
  const lines = [head.join(',')]
  for (const { source, destination, track, flows } of sides) {
    const names = [source, destination].map(fieldOf)
    const times = (at: number, length: number) => [new Date(at).toISOString(), new Date(at + length).toISOString()]
    track?.at.forEach((at, step) => {
      const values = trackMetrics.map((metric) => figure(track.columns[metric][step]!))
      lines.push([...names, '', ...times(at, track.lengths[step]!), ...values].join(','))
    })
    for (const flow of flows) {
      const columns = flow.track.columns as Partial<Record<string, number[]>>
      flow.track.at.forEach((at, step) => {
        const values = trackMetrics.map((metric) => figure(columns[metric]?.[step] ?? NaN))
        lines.push([...names, flow.port, ...times(at, flow.track.lengths[step]!), ...values].join(','))
      })
    }
  }
  return lines.join('\r\n') + '\r\n'
}

function figure(value: number): string {
  return Number.isNaN(value) ? '' : String(value)
}
