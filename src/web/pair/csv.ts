import type { Side } from './numbers.svelte'
import { trackMetrics } from './track'

/** All numbers of the charts: a line for each pair and step, then a line for each flow and step. Nothing where nothing was measured. */
export function csvOf(sides: readonly Side[]): string {
  const head = ['source', 'destination', 'source_port', 'start', 'end', ...trackMetrics]
  const lines = [head.join(',')]
  for (const { source, destination, track, flows } of sides) {
    const names = [source, destination].map(quoted)
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

/** A field as the server writes it: no formula for a spreadsheet, no control characters. */
function quoted(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what must not come through.
  const shown = text.replace(/[\u0000-\u001f\u007f]/g, (control) => `\\u{${control.codePointAt(0)!.toString(16)}}`)
  const safe = /^[=+\-@]/.test(shown) ? `'${shown}` : shown
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
