import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemReturn } from 'echarts'
import { duration, loss as lossText } from '../look/format'
import { hopsOf } from './path'
import type { Palette } from './palette'
import type { Span } from './span'
import { gapsOf, type Track } from './track'

/** How much larger text is than on a desk: a wall is read from further away. */
const textZoom = parseFloat(getComputedStyle(document.documentElement).fontSize) / 15 || 1

/** Where the plots begin and end within their column, in CSS pixels: the same for all, so that they line up in time. */
export const plotLeft = Math.round(52 * textZoom)
export const plotRight = 16
export const axisHeight = Math.round(20 * textZoom)
const topGap = Math.round(6 * textZoom)
const labelSize = Math.round(11 * textZoom)

const timeLabels = {
  year: '{yyyy}',
  month: '{MMM} {yyyy}',
  day: '{d} {MMM}',
  hour: '{HH}:{mm}',
  minute: '{HH}:{mm}',
  second: '{HH}:{mm}:{ss}',
}

type Shape = Record<string, unknown> & { type: string }

/** What a plot draws; times and values become places by `x` and `y`. */
interface Brush {
  x: (time: number) => number
  y: (value: number) => number
  top: number
  bottom: number
}

/** What an axis of values covers, and where it is labelled. */
export interface Scale {
  low: number
  high: number
  ticks: number[]
  text: (value: number) => string
}

/** The chart of a track: axes, what was not measured as hatching, and what is drawn of each step. */
export function plot(
  track: Track,
  span: Span,
  scale: Scale,
  palette: Palette,
  draw: (brush: Brush) => Shape[],
  withDoubts = false,
) {
  return {
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: plotLeft, right: plotRight, top: topGap, bottom: axisHeight, outerBoundsMode: 'none' as const },
    xAxis: {
      type: 'time' as const,
      min: span.from,
      max: span.to,
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { lineStyle: { color: palette.line } },
      axisLabel: {
        color: palette.quiet,
        fontSize: labelSize,
        hideOverlap: true,
        showMinLabel: false,
        margin: 5,
        formatter: timeLabels,
      },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value' as const,
      min: scale.low,
      max: scale.high,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: palette.quiet, fontSize: labelSize, margin: 5, customValues: scale.ticks, formatter: scale.text },
      splitLine: { show: false },
    },
    series: [
      {
        type: 'custom' as const,
        silent: true,
        clip: true,
        data: [[span.from, scale.low]],
        renderItem: (_: unknown, api: CustomSeriesRenderItemAPI) => {
          const x = (time: number) => api.coord([Math.min(Math.max(time, span.from), span.to), scale.low])[0]!
          const y = (value: number) => api.coord([span.from, Math.min(Math.max(value, scale.low), scale.high)])[1]!
          const brush = { x, y, top: y(scale.high), bottom: y(scale.low) }
          const grid = scale.ticks.map((tick) => rule(brush, span, tick, palette.line))
          const children = [
            ...gaps(brush, track, span, palette),
            ...grid,
            ...draw(brush),
            ...(withDoubts ? doubts(brush, track, palette) : []),
          ]
          return { type: 'group', children } as unknown as CustomSeriesRenderItemReturn
        },
      },
    ],
  }
}

/** Loss there above the line, loss back below it; what nobody can place is outlined on both sides. */
export function drawLoss(
  track: Pick<Track<'loss' | 'loss_forward' | 'loss_reverse'>, 'at' | 'lengths' | 'columns'>,
  palette: Palette,
) {
  return ({ x, y }: Brush): Shape[] => {
    const shapes: Shape[] = []
    track.at.forEach((at, step) => {
      const loss = track.columns.loss[step]!
      if (!(loss > 0)) return
      const there = orZero(track.columns.loss_forward[step]!)
      const back = orZero(track.columns.loss_reverse[step]!)
      const unknown = Math.max(0, loss - there - back)
      const [left, width] = [x(at), widthOf(x, at, track.lengths[step]!)]
      const bar = (from: number, to: number, style: object) => shapes.push(box(left, y(to), width, y(from) - y(to), style))
      if (there > 0) bar(0, there, { fill: palette.there })
      if (back > 0) bar(-back, 0, { fill: palette.back })
      if (unknown > loss / 100) {
        bar(there, there + unknown, { fill: palette.unknown, opacity: 0.45 })
        bar(-back - unknown, -back, { fill: palette.unknown, opacity: 0.45 })
      }
    })
    return shapes
  }
}

/** The smoke: from the fastest reply to the slowest, darker towards the middle, with the median as a line. */
export function drawSmoke(track: Track, palette: Palette) {
  return ({ x, y }: Brush): Shape[] => {
    const shapes: Shape[] = []
    const { rtt_min, rtt_p50, rtt_p90, rtt_p99, rtt_max } = track.columns
    track.at.forEach((at, step) => {
      if (Number.isNaN(rtt_min[step]!)) return
      const [left, width] = [x(at), widthOf(x, at, track.lengths[step]!)]
      const bottom = y(rtt_min[step]!)
      const band = (top: number, fill: string) => {
        if (!Number.isNaN(top)) shapes.push(box(left, y(top), width, Math.max(1, bottom - y(top)), { fill }))
      }
      band(rtt_max[step]!, palette.smoke[0])
      band(rtt_p99[step]!, palette.smoke[1])
      band(rtt_p90[step]!, palette.smoke[2])
      if (!Number.isNaN(rtt_p50[step]!)) shapes.push(box(left, y(rtt_p50[step]!) - 1, width, 2, { fill: palette.median }))
    })
    return shapes
  }
}

export function drawJitter(track: Track, palette: Palette) {
  return ({ x, y }: Brush): Shape[] => {
    const shapes: Shape[] = []
    track.at.forEach((at, step) => {
      const value = track.columns.jitter[step]!
      if (Number.isNaN(value)) return
      const top = Math.min(y(value), y(0) - 1)
      shapes.push(box(x(at), top, widthOf(x, at, track.lengths[step]!), y(0) - top, { fill: palette.smoke[2] }))
    })
    return shapes
  }
}

/** Hops there as a solid line and back as a dashed one; a triangle where the class came changed. */
export function drawPath(track: Track, palette: Palette) {
  return (brush: Brush): Shape[] => {
    const { columns } = track
    return [
      ...steps(brush, track, columns.reverse_ttl.map(hopsOf), { stroke: palette.back, lineWidth: 2, lineDash: [4, 3] }),
      ...steps(brush, track, columns.forward_ttl.map(hopsOf), { stroke: palette.there, lineWidth: 2 }),
      ...remarked(brush, track, columns.forward_remarked, palette.there, 'up'),
      ...remarked(brush, track, columns.reverse_remarked, palette.back, 'down'),
    ]
  }
}

const lossBounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]

/** An axis for loss that holds all of the given: there up, back down, never so fine that little looks like much. */
export function lossScale(tracks: Pick<Track<'loss' | 'loss_forward' | 'loss_reverse'>, 'columns'>[]): Scale {
  let there = 0
  let back = 0
  for (const { columns } of tracks) {
    columns.loss.forEach((loss, step) => {
      if (!(loss > 0)) return
      const [forward, reverse] = [orZero(columns.loss_forward[step]!), orZero(columns.loss_reverse[step]!)]
      const unknown = Math.max(0, loss - forward - reverse)
      there = Math.max(there, forward + unknown)
      back = Math.max(back, reverse + unknown)
    })
  }
  const bound = (value: number) => lossBounds.find((each) => each >= value - 1e-9) ?? 1
  const widest = Math.max(bound(there), bound(back))
  const high = Math.max(bound(there), widest / 4)
  const low = -Math.max(bound(back), widest / 4)
  const ticks = [high, 0, low].filter((tick) => tick === 0 || Math.abs(tick) >= widest / 2)
  return { low, high, ticks, text: (value) => lossText(Math.abs(value)) }
}

/**
 * Axes for the round trips of some tracks: from the fastest to above the slowest one in a hundred; rare replies slower than that are
 * cut off. Tracks share an axis, so that they can be compared, as far as they overlap.
 */
export function rttScales(tracks: (Track | null)[]): (Scale | null)[] {
  const extents = tracks.map((track) => track && extentOf(track))
  const known = extents.filter((extent) => extent !== null)
  const low = Math.min(...known.map((extent) => extent.low))
  const high = Math.max(...known.map((extent) => extent.high))
  const doOverlap = Math.max(...known.map((extent) => extent.low)) < Math.min(...known.map((extent) => extent.high))
  return extents.map((extent) => extent && (doOverlap ? rounded(low, high) : rounded(extent.low, extent.high)))
}

/** Axes for jitter: one for all tracks, unless some would hardly be seen on it. */
export function jitterScales(tracks: (Track | null)[]): (Scale | null)[] {
  const most = tracks.map((track) => (track ? largest(track.columns.jitter) : -Infinity))
  const known = most.filter(Number.isFinite)
  const doShare = Math.max(...known) < 10 * Math.min(...known)
  return most.map((each) => (Number.isFinite(each) ? rounded(0, doShare ? Math.max(...known) : each) : null))
}

export function hopScale(tracks: Track[]): Scale {
  const hops = tracks
    .flatMap((track) => [...track.columns.forward_ttl, ...track.columns.reverse_ttl])
    .map(hopsOf)
    .filter((value) => !Number.isNaN(value))
  const [least, most] = [Math.min(...hops), Math.max(...hops)]
  const low = Math.max(0, least - 1)
  return { low: low - 0.5, high: most + 1.5, ticks: least === most ? [most] : [least, most], text: String }
}

/** -Infinity of nothing. */
function largest(values: number[]): number {
  return values.reduce((most, value) => (value > most ? value : most), -Infinity)
}

function extentOf(track: Track): { low: number; high: number } | null {
  const { rtt_min, rtt_p99, rtt_max } = track.columns
  const lows = rtt_min.filter((value) => !Number.isNaN(value))
  if (lows.length === 0) return null
  const slowest = largest(rtt_max)
  const usual = largest(rtt_p99)
  return { low: Math.min(...lows), high: usual > 0 && slowest > 1.5 * usual ? 1.15 * usual : slowest }
}

/** Round figures around a range, with three or four of them as labels. */
function rounded(low: number, high: number): Scale {
  const width = Math.max(high - low, high * 0.05, 1000)
  const magnitude = 10 ** Math.floor(Math.log10(width / 3))
  const step = [1, 2, 5, 10].map((each) => each * magnitude).find((each) => width / each <= 3.5) ?? 10 * magnitude
  const first = Math.max(0, Math.floor(low / step) * step)
  const ticks: number[] = []
  for (let tick = first; ticks.length < 2 || ticks.at(-1)! < high; tick += step) ticks.push(tick)
  return { low: first, high: ticks.at(-1)!, ticks, text: roundDuration }
}

/** A round duration without noughts behind its point. */
function roundDuration(nanos: number): string {
  return nanos === 0 ? '0' : duration(nanos).replace(/\.?0+ /, (noughts) => (noughts.startsWith('.') ? ' ' : noughts))
}

function gaps(brush: Brush, track: Track, span: Span, palette: Palette): Shape[] {
  return gapsOf(track, span.from, span.to, 1.5 * span.stepMs).flatMap(([from, to]) => {
    const [left, right] = [brush.x(from), brush.x(to)]
    const height = brush.bottom - brush.top
    const lines: Shape[] = []
    for (let offset = -height; offset < right - left; offset += 9) {
      const start = Math.max(0, offset)
      const end = Math.min(right - left, offset + height)
      if (end <= start) continue
      lines.push(
        line(left + start, brush.bottom - (start - offset), left + end, brush.bottom - (end - offset), {
          stroke: palette.line,
          lineWidth: 1,
        }),
      )
    }
    return lines
  })
}

/** A bar along the top where the collector does not trust itself. */
function doubts({ x, top }: Brush, track: Track, palette: Palette): Shape[] {
  return track.at.flatMap((at, step) =>
    track.columns.suspect[step] === 1
      ? [box(x(at), top, widthOf(x, at, track.lengths[step]!), 3, { fill: palette.suspect })]
      : [],
  )
}

/** A line in steps, broken at gaps. Steps of the same value are one stroke, so that dashes show. */
function steps({ x, y }: Brush, track: Track, values: number[], style: object): Shape[] {
  const shapes: Shape[] = []
  let points: [number, number][] = []
  let end = NaN
  const finish = () => {
    if (points.length > 0)
      shapes.push({
        type: 'polyline',
        shape: { points: [...points, [x(end), points.at(-1)![1]]] },
        style: { ...style, fill: 'none' },
      })
    points = []
  }
  track.at.forEach((at, step) => {
    const value = values[step]!
    if (Number.isNaN(value)) return
    if (at > end) finish()
    const last = points.at(-1)
    if (!last) points.push([x(at), y(value)])
    else if (last[1] !== y(value)) points.push([x(at), last[1]], [x(at), y(value)])
    end = at + track.lengths[step]!
  })
  finish()
  return shapes
}

function remarked({ x, top, bottom }: Brush, track: Track, counts: number[], fill: string, direction: 'up' | 'down'): Shape[] {
  return track.at.flatMap((at, step) => {
    if (!(counts[step]! > 0)) return []
    const middle = x(at + track.lengths[step]! / 2)
    const [base, tip] = direction === 'up' ? [top + 8, top + 1] : [bottom - 8, bottom - 1]
    const points = [
      [middle - 4, base],
      [middle + 4, base],
      [middle, tip],
    ]
    return [{ type: 'polygon', shape: { points }, style: { fill } }]
  })
}

function rule({ x, y }: Brush, span: Span, value: number, stroke: string): Shape {
  return line(x(span.from), y(value), x(span.to), y(value), { stroke, lineWidth: 1 })
}

function line(x1: number, y1: number, x2: number, y2: number, style: object): Shape {
  return { type: 'line', shape: { x1, y1, x2, y2 }, style }
}

function box(x: number, y: number, width: number, height: number, style: object): Shape {
  return { type: 'rect', shape: { x, y, width, height }, style }
}

/** Steps touch each other, and none is too short to be seen. */
function widthOf(x: (time: number) => number, at: number, length: number): number {
  return Math.max(1.5, x(at + length) - x(at))
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value
}
