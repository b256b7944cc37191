import type { Line } from '../model'
import type { Frame, Headers, Layout } from './layout'
import { fontFamily } from './paint'
import type { Palette } from './palette'

const size = { font: 12, indent: 11, arrow: 13, padding: 8, across: 34, above: 13, spacing: 10.5, thinned: 22, longest: 400 }

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
    // A name that is higher than its line is not cut off at the ends.
    const within = (middle: number, start: number, length: number, cell: number) =>
      cell >= size.font * ratio ? middle : clamp(middle, start + 7 * ratio, start + length - 7 * ratio)

    context.save()
    context.beginPath()
    context.rect(indent, area.y, area.x - indent, area.height)
    context.clip()
    this.each(this.rows, seen.rows, layout.cellHeight, (line, index) => {
      const x = indent + size.padding * ratio
      const middle = within((layout.y(index) + layout.y(index + 1)) / 2, area.y, area.height, layout.cellHeight)
      this.paintLine(line, x, middle, area.x - gap - x, palette, layout.cellHeight)
    })
    context.restore()

    context.save()
    context.beginPath()
    context.rect(area.x, 0, area.width, area.y)
    context.clip()
    this.each(this.columns, seen.columns, layout.cellWidth, (line, index) => {
      const middle = within((layout.x(index) + layout.x(index + 1)) / 2, area.x, area.width, layout.cellWidth)
      if (isUpright) {
        context.save()
        context.translate(middle, area.y - gap)
        context.rotate(-Math.PI / 2)
        this.paintLine(line, 0, 0, area.y - gap - 4 * ratio, palette, layout.cellWidth)
        context.restore()
      } else {
        const width = Math.min(this.columnWidths[index]!, layout.cellWidth - 2 * ratio)
        this.paintLine(line, middle - width / 2, area.y - size.above * ratio, width, palette, layout.cellWidth)
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
    const half = 9.5 * ratio
    const middle = (start: number, end: number, first: number, length: number) =>
      clamp((start + end) / 2, first + half, first + length - half)
    this.useFont(true, context)
    context.textBaseline = 'middle'
    context.textAlign = 'left'
    context.save()
    const chip = (x: number, room: number) => {
      const shift = line.kind === 'fold' ? size.arrow * ratio : 0
      const inner = Math.min(line.depth * size.indent * ratio, room / 3) + shift
      const label = this.cut(line.label, room - inner, true, context)
      context.fillStyle = isStrong ? palette.focus : palette.ink
      context.beginPath()
      context.roundRect(x + inner - 5 * ratio, -half, context.measureText(label).width + 10 * ratio, 2 * half, 4 * ratio)
      context.fill()
      context.fillStyle = palette.ground
      context.fillText(label, x + inner, 0.5 * ratio)
    }
    if (axis === 'row') {
      context.translate(indent + size.padding * ratio, middle(layout.y(index), layout.y(index + 1), area.y, area.height))
      chip(0, area.x - indent - size.padding * ratio - gap)
    } else if (isUpright) {
      context.translate(middle(layout.x(index), layout.x(index + 1), area.x, area.width), area.y - gap)
      context.rotate(-Math.PI / 2)
      chip(0, area.y - gap - 4 * ratio)
    } else {
      const width = Math.min(this.columnWidths[index]!, layout.cellWidth - 2 * ratio)
      context.translate((layout.x(index) + layout.x(index + 1)) / 2, area.y - size.above * ratio)
      chip(-width / 2, width + 2 * ratio)
    }
    context.restore()
  }

  private paintLine(line: Line, x: number, y: number, room: number, palette: Palette, cell: number): void {
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
    // Names of thin lines are a little smaller; thinner ones have no name each, and room again.
    const thin = cell / ratio
    this.useFont(line.kind === 'fold', context, thin < size.spacing ? size.font : Math.min(size.font, thin * 0.94))
    context.fillText(this.cut(line.label, room, line.kind === 'fold'), x, y + 0.5 * ratio)
  }

  /** Of lines that are too thin for a name each, folds and each second, fifth, tenth, ... have one. */
  private each(lines: Line[], [first, last]: [number, number], cell: number, draw: (line: Line, index: number) => void): void {
    const spacing = size.spacing * this.ratio
    if (cell >= spacing) {
      for (let i = first; i <= last; i++) draw(lines[i]!, i)
      return
    }
    const apart = (size.thinned * this.ratio) / cell
    const step = niceStep(apart)
    const taken: number[] = []
    const folds: number[] = []
    // Outer folds before inner ones; names of others fill the rest.
    for (let i = first; i <= last; i++) if (lines[i]!.kind === 'fold') folds.push(i)
    folds.sort((a, b) => lines[a]!.depth - lines[b]!.depth || a - b)
    const grid = new Set<number>()
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

  private useFont(isBold: boolean, context = this.context, font: number = size.font): void {
    context.font = `${isBold ? 600 : 400} ${font * this.ratio}px ${fontFamily}`
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
