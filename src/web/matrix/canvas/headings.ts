import type { Line } from '../model'
import type { Frame, Headers, Layout } from './layout'
import { fontFamily } from './paint'
import type { Palette } from './palette'

const size = { font: 12, indent: 11, arrow: 13, padding: 8, across: 26, spacing: 14, longest: 400 }

/** Names beside rows and above columns: how much room they take, and drawing them. Names are drawn as text, whatever they contain. */
export class Headings {
  private readonly rowWidths: Float32Array
  private readonly columnWidths: Float32Array
  private readonly cuts = new Map<string, string>()

  constructor(
    private readonly context: CanvasRenderingContext2D,
    readonly rows: Line[],
    readonly columns: Line[],
    private readonly ratio: number,
  ) {
    this.useFont(false)
    this.rowWidths = Float32Array.from(rows, (line) => this.widthOf(line))
    this.columnWidths = Float32Array.from(columns, (line) => this.widthOf(line))
  }

  /** The room of the headers when names of columns stand upright, or lie across. */
  room(frame: Frame, isUpright: boolean): Headers {
    const { ratio } = this
    const widest = (widths: Float32Array) => widths.reduce((most, width) => Math.max(most, width), 0)
    const left = Math.min(widest(this.rowWidths) + 2 * size.padding * ratio, frame.width * 0.3, 220 * ratio)
    const top = isUpright
      ? Math.min(widest(this.columnWidths) + 2 * size.padding * ratio, frame.height * 0.3, 170 * ratio)
      : size.across * ratio
    return { left: Math.ceil(Math.max(left, 52 * ratio)), top: Math.ceil(Math.max(top, size.across * ratio)) }
  }

  /** True where names fit above their columns lying. */
  fitAcross(cellWidth: number): boolean {
    return this.columnWidths.every((width) => width + size.padding * this.ratio <= cellWidth)
  }

  paint(layout: Layout, palette: Palette, isUpright: boolean): void {
    const { context, ratio } = this
    const { frame, area, indent } = layout
    context.fillStyle = palette.ground
    context.fillRect(0, 0, frame.width, area.y)
    context.fillRect(0, 0, area.x, frame.height)
    context.fillRect(area.x + area.width, 0, frame.width, frame.height)
    context.fillRect(0, area.y + area.height, frame.width, frame.height)
    context.textBaseline = 'middle'
    context.textAlign = 'left'
    const { seen } = layout
    const gap = 6 * ratio

    context.save()
    context.beginPath()
    context.rect(indent, area.y, area.x - indent, area.height)
    context.clip()
    this.each(this.rows, seen.rows, layout.cellHeight, (line, index) => {
      const x = indent + size.padding * ratio
      const middle = (layout.y(index) + layout.y(index + 1)) / 2
      this.paintLine(line, x, middle, area.x - gap - x, palette)
    })
    context.restore()

    context.save()
    context.beginPath()
    context.rect(area.x, 0, area.width, area.y)
    context.clip()
    this.each(this.columns, seen.columns, layout.cellWidth, (line, index) => {
      const middle = (layout.x(index) + layout.x(index + 1)) / 2
      if (isUpright) {
        context.save()
        context.translate(middle, area.y - gap)
        context.rotate(-Math.PI / 2)
        this.paintLine(line, 0, 0, area.y - gap - 4 * ratio, palette)
        context.restore()
      } else {
        const width = Math.min(this.columnWidths[index]!, layout.cellWidth - 2 * ratio)
        this.paintLine(line, middle - width / 2, area.y - (size.across / 2) * ratio, width, palette)
      }
    })
    context.restore()
  }

  /** The name of one line alone, over the others: of what is pointed at. */
  paintOne(
    context: CanvasRenderingContext2D,
    layout: Layout,
    palette: Palette,
    isUpright: boolean,
    axis: 'row' | 'column',
    index: number,
    isStrong: boolean,
  ): void {
    const line = (axis === 'row' ? this.rows : this.columns)[index]
    if (!line) return
    const { ratio } = this
    const { area, indent } = layout
    const gap = 6 * ratio
    const height = 19 * ratio
    this.useFont(true, context)
    context.textBaseline = 'middle'
    context.textAlign = 'left'
    const ground = isStrong ? palette.focus : palette.ink
    const room = (width: number) => width - gap - 4 * ratio
    context.save()
    if (axis === 'row') {
      const middle = clamp((layout.y(index) + layout.y(index + 1)) / 2, area.y + height / 2, area.y + area.height - height / 2)
      context.translate(indent, middle)
      this.chip(context, line, room(area.x - indent), height, palette, ground, area.x - indent)
    } else if (isUpright) {
      const middle = clamp((layout.x(index) + layout.x(index + 1)) / 2, area.x + height / 2, area.x + area.width - height / 2)
      context.translate(middle, area.y)
      context.rotate(-Math.PI / 2)
      this.chip(context, line, room(area.y), height, palette, ground, area.y, true)
    } else {
      const x = layout.x(index)
      const width = layout.x(index + 1) - x
      context.translate(x, area.y - (size.across / 2) * ratio)
      this.chip(context, line, room(width), height, palette, ground, width, true)
    }
    context.restore()
  }

  private chip(
    context: CanvasRenderingContext2D,
    line: Line,
    room: number,
    height: number,
    palette: Palette,
    ground: string,
    end: number,
    fromStart = false,
  ): void {
    const { ratio } = this
    const label = this.cut(line.label, room, true, context)
    const width = Math.min(context.measureText(label).width, room) + 10 * ratio
    const x = fromStart ? 3 * ratio : end - width - 3 * ratio
    context.fillStyle = ground
    context.beginPath()
    context.roundRect(x, -height / 2, width, height, 4 * ratio)
    context.fill()
    context.fillStyle = palette.ground
    context.fillText(label, x + 5 * ratio, 0.5 * ratio)
  }

  private paintLine(line: Line, x: number, y: number, room: number, palette: Palette): void {
    const { context, ratio } = this
    const indent = Math.min(line.depth * size.indent * ratio, room / 3)
    x += indent
    room -= indent
    context.fillStyle = line.kind === 'fold' ? palette.ink : line.depth === 0 ? palette.ink : palette.quiet
    if (line.kind === 'fold') {
      const half = 3.5 * ratio
      context.beginPath()
      if (line.isOpen) {
        context.moveTo(x, y - half * 0.7)
        context.lineTo(x + 2 * half, y - half * 0.7)
        context.lineTo(x + half, y + half * 0.9)
      } else {
        context.moveTo(x + half * 0.4, y - half)
        context.lineTo(x + half * 0.4, y + half)
        context.lineTo(x + half * 2, y)
      }
      context.fill()
      x += size.arrow * ratio
      room -= size.arrow * ratio
    }
    this.useFont(line.kind === 'fold')
    context.fillText(this.cut(line.label, room, line.kind === 'fold'), x, y + 0.5 * ratio)
  }

  /** Of lines that are too thin for a name each, folds and each second, fifth, tenth, ... have one. */
  private each(lines: Line[], [first, last]: [number, number], cell: number, draw: (line: Line, index: number) => void): void {
    const spacing = size.spacing * this.ratio
    if (cell >= spacing * 0.92) {
      for (let i = first; i <= last; i++) draw(lines[i]!, i)
      return
    }
    const step = niceStep(spacing / cell)
    const taken: number[] = []
    const folds: number[] = []
    // Outer folds before inner ones; names of others fill the rest.
    for (let i = first; i <= last; i++) if (lines[i]!.kind === 'fold') folds.push(i)
    folds.sort((a, b) => lines[a]!.depth - lines[b]!.depth || a - b)
    const grid = new Set<number>()
    const apart = spacing / cell
    const bucket = (i: number) => Math.floor(i / apart)
    const isFree = (i: number) => {
      for (let b = bucket(i) - 1; b <= bucket(i) + 1; b++)
        if (grid.has(b) && taken.some((t) => Math.abs(t - i) < apart)) return false
      return true
    }
    const take = (i: number) => {
      if (!isFree(i)) return
      taken.push(i)
      grid.add(bucket(i))
      draw(lines[i]!, i)
    }
    folds.forEach(take)
    for (let i = Math.ceil(first / step) * step; i <= last; i += step) take(i)
  }

  private widthOf(line: Line): number {
    const width = this.context.measureText(line.label.slice(0, size.longest)).width
    return (
      width * (line.kind === 'fold' ? 1.06 : 1) +
      (line.depth * size.indent + (line.kind === 'fold' ? size.arrow : 0)) * this.ratio
    )
  }

  private useFont(isBold: boolean, context = this.context): void {
    context.font = `${isBold ? 600 : 400} ${size.font * this.ratio}px ${fontFamily}`
  }

  private cut(label: string, room: number, isBold: boolean, context = this.context): string {
    const text = label.length > size.longest ? label.slice(0, size.longest) : label
    const key = `${isBold ? 1 : 0}${Math.round(room)} ${text}`
    const known = this.cuts.get(key)
    if (known !== undefined) return known
    if (this.cuts.size > 20_000) this.cuts.clear()
    let result = text
    if (context.measureText(text).width > room) {
      const letters = [...text]
      let low = 0
      let high = letters.length
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (context.measureText(letters.slice(0, middle).join('') + '…').width <= room) low = middle
        else high = middle - 1
      }
      result = letters.slice(0, low).join('') + '…'
    }
    this.cuts.set(key, result)
    return result
  }
}

/** 1, 2, 5, 10, 20, 50, ...: the first that is not less. */
export function niceStep(least: number): number {
  let step = 1
  for (let i = 0; step < least; i++) step *= i % 3 === 1 ? 2.5 : 2
  return step
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}
