// Numbers as people read them. What was not measured is a dash.

export const notMeasured = '–'

/** A share of datagrams. Only nothing at all is 0 %, and only everything is 100 %. */
export function loss(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined || Number.isNaN(ratio)) return notMeasured
  if (ratio === 0) return '0 %'
  if (ratio >= 1) return '100 %'
  const percent = ratio * 100
  if (percent < 0.01) return '<0.01 %'
  const text = percent < 1 ? percent.toPrecision(2) : percent < 10 ? percent.toFixed(1) : percent.toFixed(0)
  return text === '100' ? '>99 %' : `${text} %`
}

/** A duration, of nanoseconds. */
export function duration(nanos: number | null | undefined): string {
  if (nanos === null || nanos === undefined || Number.isNaN(nanos)) return notMeasured
  const size = Math.abs(nanos)
  if (size < 999.5) return `${nanos.toFixed(0)} ns`
  if (size < 999_500) return `${digits(nanos / 1e3)} µs`
  if (size < 999_500_000) return `${digits(nanos / 1e6)} ms`
  return `${digits(nanos / 1e9)} s`
}

/** How long ago, or how long: of seconds, in the largest unit that says enough. */
export function span(seconds: number): string {
  const size = Math.abs(seconds)
  if (size < 90) return `${Math.round(seconds)} s`
  if (size < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (size < 36 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86400)} d`
}

const counts = new Intl.NumberFormat('en')

/** How many, with the thousands apart. */
export function count(value: number): string {
  return counts.format(value)
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const date = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: '2-digit' })

/** A moment in the reader's own time zone; with the date where that is not today. */
export function moment(ms: number): string {
  const then = new Date(ms)
  return then.toDateString() === new Date().toDateString() ? clock.format(then) : `${date.format(then)} ${clock.format(then)}`
}

function digits(value: number): string {
  const size = Math.abs(value)
  return size < 9.995 ? value.toFixed(2) : size < 99.95 ? value.toFixed(1) : value.toFixed(0)
}
