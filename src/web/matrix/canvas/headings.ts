import type { Line } from '../model'
import type { Frame, Headers, Layout } from './layout'
import { fontFamily } from './paint'
import type { Palette } from './palette'

const size = {
  font: 12,
  indent: 11,
  arrow: 13,
  padding: 8,
  gap: 6,
  /** The header when names lie, and how far above the cells their middle is. */
  across: 34,
  above: 13,
  /** Lines that are thinner have no name each, but one so often. */
  spacing: 10.5,
  thinned: 22,
  longest: 400,
  many: 80,
  map: 76,
}

/** How wide a text is, in device pixels. */
export type Measure = (text: string, font: number, isBold: boolean) => number

export function fontOf(font: number, isBold: boolean): string {
  return `${isBold ? 600 : 400} ${font}px ${fontFamily}`
}

export function measureOn(context: CanvasRenderingContext2D): Measure {
  return (text, font, isBold) => {
    context.font = fontOf(font, isBold)
    return context.measureText(text).width
  }
}

/** A name where it is to stand. */
export interface PlacedName {
  line: Line
  /** As much of it as there is room for. */
  text: string
  /** Where it begins, in the middle of its height; upright it goes up from there. */
  x: number
  y: number
  isUpright: boolean
  /** How far behind it the text begins, after the arrow of a fold. */
  indent: number
  font: number
  isBold: boolean
  isQuiet: boolean
}

/** Names beside rows and above columns: how much room they take, which are shown, and where. */
export class Headings {
  private readonly rowWidths: Float32Array
  private readonly columnWidths: Float32Array
  private readonly cuts = new Map<string, string>()

  constructor(
    private readonly measure: Measure,
    readonly rows: Line[],
    readonly columns: Line[],
    private readonly ratio: number,
  ) {
    this.rowWidths = Float32Array.from(rows, (line) => this.widthOf(line))
    this.columnWidths = Float32Array.from(columns, (line) => this.widthOf(line))
  }

  /** The room of the headers when names of columns stand upright, or lie. */
  room(frame: Frame, isUpright: boolean): Headers {
    const { ratio } = this
    const widest = (widths: Float32Array) => widths.reduce((most, width) => Math.max(most, width), 0)
    // Where not all can be read at once, there is room for a small map between the headers.
    const isMany = Math.max(this.rows.length, this.columns.length) > size.many
    const least = (isMany ? size.map : size.across) * ratio
    const left = Math.min(widest(this.rowWidths) + 2 * size.padding * ratio, frame.width * 0.3, 220 * ratio)
    const upright = Math.min(widest(this.columnWidths) + 2 * size.padding * ratio, frame.height * 0.3, 170 * ratio)
    return {
      left: Math.ceil(Math.max(left, (isMany ? size.map + 14 : 52) * ratio)),
      top: Math.ceil(isUpright ? Math.max(upright, least) : least),
    }
  }

  /** True where names fit above their columns lying. */
  fitAcross(cellWidth: number): boolean {
    return this.columnWidths.every((width) => width + size.padding * this.ratio <= cellWidth)
  }

  /** Names that are in view, as far as there is room for each. */
  *placed(layout: Layout, isUpright: boolean): Generator<PlacedName> {
    const { seen } = layout
    for (const row of shown(this.rows, seen.rows, layout.cellHeight / this.ratio)) yield this.row(layout, row, false)
    for (const column of shown(this.columns, seen.columns, layout.cellWidth / this.ratio))
      yield this.column(layout, column, isUpright, false)
  }

  /** The name of a row; alone it is as large as any, whatever the row's height. */
  row(layout: Layout, index: number, isAlone: boolean): PlacedName {
    const { area, indent } = layout
    const x = indent + size.padding * this.ratio
    const y = this.within(layout.y(index), layout.y(index + 1), area.y, area.height, isAlone)
    return this.name(this.rows[index]!, x, y, false, area.x - size.gap * this.ratio - x, layout.cellHeight, isAlone)
  }

  column(layout: Layout, index: number, isUpright: boolean, isAlone: boolean): PlacedName {
    const { area, cellWidth } = layout
    const { ratio } = this
    const line = this.columns[index]!
    if (isUpright) {
      const x = this.within(layout.x(index), layout.x(index + 1), area.x, area.width, isAlone)
      return this.name(line, x, area.y - size.gap * ratio, true, area.y - (size.gap + 4) * ratio, cellWidth, isAlone)
    }
    const width = Math.min(this.columnWidths[index]!, cellWidth - 2 * ratio)
    const x = (layout.x(index) + layout.x(index + 1) - width) / 2
    return this.name(line, x, area.y - size.above * ratio, false, width + 2 * ratio, cellWidth, isAlone)
  }

  /** The middle of a line; that of one thinner than its name is moved so that the name is not cut off at the ends. */
  private within(start: number, end: number, first: number, length: number, isAlone: boolean): number {
    const half = (isAlone ? 9.5 : 7) * this.ratio
    const middle = (start + end) / 2
    if (!isAlone && end - start >= 2 * half - 2) return middle
    return Math.max(first + half, Math.min(first + length - half, middle))
  }

  private name(line: Line, x: number, y: number, isUpright: boolean, room: number, cell: number, isAlone: boolean): PlacedName {
    const { ratio } = this
    const isFold = line.kind === 'fold'
    const indent = Math.min(line.depth * size.indent * ratio, room / 3) + (isFold ? size.arrow * ratio : 0)
    const thin = cell / ratio
    const font = (isAlone || thin < size.spacing ? size.font : Math.min(size.font, thin * 0.94)) * ratio
    const isBold = isFold
    const text = this.cut(line.label, room - indent, font, isBold)
    return { line, text, x, y, isUpright, indent, font, isBold, isQuiet: line.depth > 0 && !isFold }
  }

  private widthOf(line: Line): number {
    const isFold = line.kind === 'fold'
    const width = this.measure(line.label.slice(0, size.longest), size.font * this.ratio, isFold)
    return width + (line.depth * size.indent + (isFold ? size.arrow : 0)) * this.ratio
  }

  private cut(label: string, room: number, font: number, isBold: boolean): string {
    const text = label.length > size.longest ? label.slice(0, size.longest) : label
    const key = `${isBold ? 1 : 0} ${font} ${Math.round(room)} ${text}`
    let result = this.cuts.get(key)
    if (result !== undefined) return result
    if (this.cuts.size > 20_000) this.cuts.clear()
    result = text
    if (this.measure(text, font, isBold) > room) {
      const letters = [...text]
      let low = 0
      let high = letters.length
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (this.measure(letters.slice(0, middle).join('') + '…', font, isBold) <= room) low = middle
        else high = middle - 1
      }
      result = letters.slice(0, low).join('') + '…'
    }
    this.cuts.set(key, result)
    return result
  }
}

/** Paints the headers over whatever stands there, and what is beside the cells. */
export function paintHeadings(
  context: CanvasRenderingContext2D,
  headings: Headings,
  layout: Layout,
  palette: Palette,
  isUpright: boolean,
): void {
  const { frame, area } = layout
  context.fillStyle = palette.ground
  context.fillRect(0, 0, frame.width, area.y)
  context.fillRect(0, 0, area.x, frame.height)
  context.fillRect(area.x + area.width, 0, frame.width - area.x - area.width, frame.height)
  context.fillRect(0, area.y + area.height, frame.width, frame.height - area.y - area.height)
  context.save()
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  for (const name of headings.placed(layout, isUpright)) {
    context.fillStyle = name.isQuiet ? palette.quiet : palette.ink
    at(context, name, () => {
      if (name.line.kind === 'fold') context.fill(new Path2D(arrowOf(name, frame.ratio)))
      context.font = fontOf(name.font, name.isBold)
      context.fillText(name.text, name.indent, 0.5 * frame.ratio)
    })
  }
  context.restore()
}

/** One name over the others: of what is pointed at. */
export function paintChip(context: CanvasRenderingContext2D, name: PlacedName, ground: string, ink: string, ratio: number): void {
  context.save()
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  context.font = fontOf(name.font, name.isBold)
  at(context, name, () => {
    context.fillStyle = ground
    context.beginPath()
    const width = context.measureText(name.text).width + 10 * ratio
    context.roundRect(name.indent - 5 * ratio, -9.5 * ratio, width, 19 * ratio, 4 * ratio)
    context.fill()
    context.fillStyle = ink
    context.fillText(name.text, name.indent, 0.5 * ratio)
  })
  context.restore()
}

function at(context: CanvasRenderingContext2D, { x, y, isUpright }: PlacedName, draw: () => void): void {
  context.translate(x, y)
  if (isUpright) context.rotate(-Math.PI / 2)
  draw()
  if (isUpright) context.rotate(Math.PI / 2)
  context.translate(-x, -y)
}

/** The outline of the arrow before a fold's name, as a path. */
export function arrowOf({ line, indent }: PlacedName, ratio: number): string {
  const half = 3.5 * ratio
  const x = indent - size.arrow * ratio
  return line.isOpen
    ? `M${x} ${-half * 0.7}h${2 * half}l${-half} ${half * 1.6}z`
    : `M${x + half * 0.4} ${-half}v${2 * half}l${half * 1.6} ${-half}z`
}

/** Which lines have a name: all where there is room; else folds, the outer ones first, and each second, fifth, tenth, ... */
export function shown(lines: Line[], [first, last]: [number, number], cell: number): number[] {
  if (cell >= size.spacing) return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  const step = niceStep(size.thinned / cell)
  const apart = 14 / cell
  const taken = new Map<number, number>()
  const take = (i: number) => {
    const bucket = Math.floor(i / apart)
    for (let b = bucket - 1; b <= bucket + 1; b++) {
      const other = taken.get(b)
      if (other !== undefined && Math.abs(other - i) < apart) return
    }
    taken.set(bucket, i)
  }
  const folds: number[] = []
  for (let i = first; i <= last; i++) if (lines[i]!.kind === 'fold') folds.push(i)
  folds.sort((a, b) => lines[a]!.depth - lines[b]!.depth || a - b).forEach(take)
  for (let i = Math.ceil(first / step) * step; i <= last; i += step) take(i)
  return [...taken.values()]
}

/** 1, 2, 5, 10, 20, 50, ...: the first that is not less. */
export function niceStep(least: number): number {
  let step = 1
  for (let i = 0; step < least; i++) step *= i % 3 === 1 ? 2.5 : 2
  return step
}
