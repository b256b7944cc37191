import { notMeasured } from '../../look/format'
import { mark, type CellGrid, type Scale } from '../model'
import type { Box, Layout } from './layout'
import { rgb, type Paint, type Palette } from './palette'
import type { Raster } from './raster'

export const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif'

/** Heights of cells, in CSS pixels, from which on they are drawn as what they are: with gaps, with marks, with round corners. */
const from = { gaps: 5, marks: 9, corners: 18, letters: 32, textWidth: 36, textHeight: 15, twoLinesWidth: 60, twoLinesHeight: 38 }

/** All that is needed to paint cells. */
export interface Scene {
  layout: Layout
  grid: CellGrid
  scale: Scale
  palette: Palette
  paint: Paint
  /** As many elements as cells; or fewer, each at least about a pixel large. */
  raster: Raster
  /** The raster, a pixel an element. */
  image: CanvasImageSource
  /** True where the colour does not say loss, so that the smallest cells have to say it otherwise. */
  needsSpecks: boolean
  /** What stands in a large cell, below its value. */
  beside: (pair: number) => string
}

/** Paints a raster a pixel an element, as a source for larger pictures. */
export function imageOf(raster: Raster, paint: Paint, speck: string | null): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, raster.columns)
  canvas.height = Math.max(1, raster.rows)
  const context = canvas.getContext('2d')
  if (!context || raster.steps.length === 0) return canvas
  const image = context.createImageData(raster.columns, raster.rows)
  const pixels = new Uint32Array(image.data.buffer)
  const colours = Uint32Array.from(paint.fills, pixel)
  const { steps, marks } = raster
  for (let i = 0; i < pixels.length; i++) {
    if ((marks[i]! & mark.self) === 0) pixels[i] = colours[steps[i]!]!
  }
  if (speck !== null) {
    const ink = pixel(speck)
    for (let i = 0; i < pixels.length; i++) if (marks[i]! & mark.loss) pixels[i] = ink
  }
  context.putImageData(image, 0, 0)
  return canvas
}

/** True where a cell lost on its own pixel is all there is to tell it by. */
export function isSpeckled(layout: Layout): boolean {
  return Math.min(layout.cellWidth, layout.cellHeight) < 3
}

/** Paints the cells within a box; the same pixels whether the box is large or a strip of it. */
export function paintCells(context: CanvasRenderingContext2D, scene: Scene, box: Box): void {
  if (box.width <= 0 || box.height <= 0) return
  const { layout, raster } = scene
  context.save()
  context.beginPath()
  context.rect(box.x, box.y, box.width, box.height)
  context.clip()
  context.fillStyle = scene.palette.ground
  context.fillRect(box.x, box.y, box.width, box.height)
  if (raster.rows > 0 && raster.columns > 0) {
    const ratio = layout.frame.ratio
    const height = Math.min(layout.cellHeight, layout.cellWidth) / ratio
    const span = elements(scene, box)
    if (height >= from.corners) paintSolid(context, scene, span)
    else paintImage(context, scene, box)
    if (height < from.corners && height >= from.gaps) paintGaps(context, scene, span, box)
    paintMarks(context, scene, span, height)
    if (layout.cellWidth >= from.textWidth * ratio && layout.cellHeight >= from.textHeight * ratio)
      paintText(context, scene, span)
    paintSeparators(context, scene, box)
  }
  context.restore()
}

/** Elements of the raster that a box touches, and where their edges are. */
interface Span {
  firstRow: number
  endRow: number
  firstColumn: number
  endColumn: number
  x(column: number): number
  y(row: number): number
}

function elements({ layout, raster }: Scene, box: Box): Span {
  const width = layout.contentWidth / raster.columns
  const height = layout.contentHeight / raster.rows
  const left = layout.area.x - layout.scrollX
  const top = layout.area.y - layout.scrollY
  return {
    firstRow: Math.max(0, Math.floor((box.y - top) / height) - 1),
    endRow: Math.min(raster.rows, Math.ceil((box.y + box.height - top) / height) + 1),
    firstColumn: Math.max(0, Math.floor((box.x - left) / width) - 1),
    endColumn: Math.min(raster.columns, Math.ceil((box.x + box.width - left) / width) + 1),
    x: (column) => left + Math.round(column * width),
    y: (row) => top + Math.round(row * height),
  }
}

function paintImage(context: CanvasRenderingContext2D, { layout, raster, image }: Scene, box: Box): void {
  const scaleX = raster.columns / layout.contentWidth
  const scaleY = raster.rows / layout.contentHeight
  const x = Math.max(box.x, layout.area.x)
  const y = Math.max(box.y, layout.area.y)
  const width = Math.min(box.x + box.width, layout.x(layout.shape.columns)) - x
  const height = Math.min(box.y + box.height, layout.y(layout.shape.rows)) - y
  if (width <= 0 || height <= 0) return
  context.imageSmoothingEnabled = false
  context.drawImage(
    image,
    (x - layout.area.x + layout.scrollX) * scaleX,
    (y - layout.area.y + layout.scrollY) * scaleY,
    width * scaleX,
    height * scaleY,
    x,
    y,
    width,
    height,
  )
}

function paintSolid(context: CanvasRenderingContext2D, scene: Scene, span: Span): void {
  const { raster, paint, layout } = scene
  const gap = gapOf(layout)
  const radius = radiusOf(layout)
  const paths = paint.fills.map(() => new Path2D())
  for (let row = span.firstRow; row < span.endRow; row++) {
    const y = span.y(row)
    const height = span.y(row + 1) - y - gap
    for (let column = span.firstColumn; column < span.endColumn; column++) {
      const i = row * raster.columns + column
      if (raster.marks[i]! & mark.self) continue
      const x = span.x(column)
      paths[raster.steps[i]!]!.roundRect(x, y, span.x(column + 1) - x - gap, height, radius)
    }
  }
  paths.forEach((path, step) => {
    context.fillStyle = paint.fills[step]!
    context.fill(path)
  })
}

function radiusOf(layout: Layout): number {
  return Math.min(5, Math.min(layout.cellHeight, layout.cellWidth) / layout.frame.ratio / 9) * layout.frame.ratio
}

function gapOf(layout: Layout): number {
  const height = Math.min(layout.cellWidth, layout.cellHeight) / layout.frame.ratio
  return height < from.gaps ? 0 : Math.max(1, Math.round((height >= 30 ? 2 : 1) * layout.frame.ratio))
}

function paintGaps(context: CanvasRenderingContext2D, { layout, palette }: Scene, span: Span, box: Box): void {
  const gap = gapOf(layout)
  context.fillStyle = palette.ground
  for (let row = span.firstRow; row < span.endRow; row++) context.fillRect(box.x, span.y(row + 1) - gap, box.width, gap)
  for (let column = span.firstColumn; column < span.endColumn; column++)
    context.fillRect(span.x(column + 1) - gap, box.y, gap, box.height)
}

function paintMarks(context: CanvasRenderingContext2D, scene: Scene, span: Span, height: number): void {
  const { raster, layout, paint, palette, needsSpecks } = scene
  const { marks, steps, columns } = raster
  const gap = gapOf(layout)
  const hatch = pattern(context, layout, palette.ground, 'hatch', height >= from.marks ? 8 : 4)
  const dots = pattern(context, layout, palette.ground, 'dots', height >= from.marks ? 6 : 3)
  const ratio = layout.frame.ratio
  const isLarge = height >= from.marks
  const speck = height * ratio >= 3 && !isLarge && needsSpecks
  const point = Math.min(5, Math.max(1.8, height * 0.075)) * ratio
  const inset = point + Math.min(5, Math.max(1.2, height * 0.08)) * ratio
  const points = paint.inks.map(() => null as Path2D | null)
  const strokes = new Path2D()
  const dotted = paint.inks.map(() => null as Path2D | null)
  const queries: { x: number; y: number; step: number }[] = []
  const thick = Math.max(1, Math.round(ratio))
  const letter = Math.min(14, Math.max(9.5, height * 0.2)) * ratio
  let hasStrokes = false
  // What is lost is to be seen, also where it is old: a pattern would hide the smallest cells.
  const doubts = (marked: number) =>
    marked & mark.self || (!isLarge && marked & mark.loss) ? 0 : marked & (mark.stale | mark.suspect)
  for (let row = span.firstRow; row < span.endRow; row++) {
    const y = span.y(row)
    const tall = span.y(row + 1) - y - gap
    const start = row * columns
    for (let column = span.firstColumn; column < span.endColumn; column++) {
      const marked = marks[start + column]!
      if (marked === mark.measured || marked & mark.self) continue
      const x = span.x(column)
      if ((marked & mark.measured) === 0) {
        if (!isLarge) continue
        const wide = span.x(column + 1) - x - gap
        const stroke = Math.min(wide, tall) * 0.18
        const [cx, cy] = [x + wide / 2, y + tall / 2]
        strokes.moveTo(cx - stroke, cy + stroke)
        strokes.lineTo(cx + stroke, cy - stroke)
        hasStrokes = true
        continue
      }
      // Stale and suspect come in runs, as they are said of whole reports.
      const run = doubts(marked)
      if (run) {
        if (column === span.firstColumn || doubts(marks[start + column - 1]!) !== run) {
          let end = column + 1
          while (end < span.endColumn && doubts(marks[start + end]!) === run) end++
          const wide = span.x(end) - x - gap
          if (run & mark.stale) {
            context.fillStyle = hatch
            context.fillRect(x, y, wide, tall)
          }
          if (run & mark.suspect && !isLarge) {
            context.fillStyle = dots
            context.fillRect(x, y, wide, tall)
          }
        }
      }
      const wide = span.x(column + 1) - x - gap
      if (isLarge && marked & mark.suspect) {
        if (height >= from.letters)
          queries.push({ x: x + 4 * ratio, y: y + letter * 0.62 + 2 * ratio, step: steps[start + column]! })
        else
          for (let dot = x + thick; dot + thick < x + wide; dot += 2 * thick)
            (dotted[steps[start + column]!] ??= new Path2D()).rect(dot, y + tall - 2 * thick, thick, thick)
      }
      if (marked & mark.loss) {
        if (isLarge) {
          const path = (points[steps[start + column]!] ??= new Path2D())
          const middle = { x: x + wide - inset, y: y + inset }
          path.moveTo(middle.x + point, middle.y)
          path.arc(middle.x, middle.y, point, 0, 2 * Math.PI)
        } else if (speck) {
          const size = Math.max(1, Math.floor(Math.min(wide, tall) / 2))
          context.fillStyle = palette.ink
          context.fillRect(x + Math.floor((wide - size) / 2), y + Math.floor((tall - size) / 2), size, size)
        }
      }
    }
  }
  if (hasStrokes) {
    context.strokeStyle = palette.blankStroke
    context.lineWidth = Math.max(1, (height >= 24 ? 1.5 : 1) * ratio)
    context.stroke(strokes)
  }
  points.forEach((path, step) => {
    if (!path) return
    context.fillStyle = paint.inks[step]!
    context.fill(path)
  })
  dotted.forEach((path, step) => {
    if (!path) return
    context.fillStyle = paint.inks[step]!
    context.fill(path)
  })
  if (queries.length === 0) return
  context.font = `600 ${letter}px ${fontFamily}`
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  for (const { x, y, step } of queries) {
    context.fillStyle = paint.inks[step]!
    context.fillText('?', x, y)
  }
}

function paintText(context: CanvasRenderingContext2D, scene: Scene, span: Span): void {
  const { layout, grid, raster, scale, paint, beside } = scene
  const ratio = layout.frame.ratio
  const width = layout.cellWidth / ratio
  const height = layout.cellHeight / ratio
  const two = width >= from.twoLinesWidth && height >= from.twoLinesHeight
  const size = Math.max(9.5, Math.min(two ? height * 0.26 : height * 0.46, width * 0.17, 28))
  const small = Math.max(9.5, size * 0.64)
  const gap = gapOf(layout)
  const room = layout.cellWidth - gap - 4 * ratio
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  // What is as it should be stands back.
  const write = (isMain: boolean, isBad: boolean) => {
    context.font = `${isMain && isBad ? 600 : 400} ${(isMain ? size : small) * ratio}px ${fontFamily}`
    const alpha = isMain && isBad ? 1 : 0.8
    context.globalAlpha = alpha
    const shift = two ? (isMain ? -0.02 * size : small * 0.5 + size * 0.66) : size * 0.36
    for (let row = span.firstRow; row < span.endRow; row++) {
      const y = Math.round((span.y(row) + span.y(row + 1) - gap) / 2 + shift * ratio)
      for (let column = span.firstColumn; column < span.endColumn; column++) {
        const i = row * raster.columns + column
        const step = raster.steps[i]!
        const marks = raster.marks[i]!
        if ((marks & mark.measured) === 0 || marks & mark.self || (isMain && (step > 1 || (marks & mark.loss) !== 0) !== isBad))
          continue
        const x = (span.x(column) + span.x(column + 1) - gap) / 2
        const text = isMain ? (step === 0 ? notMeasured : scale.text(grid.values[i]!)) : beside(grid.pairs[i]!)
        context.fillStyle = paint.inks[step]!
        if (marks & mark.stale) {
          // Numbers are read before the pattern.
          context.globalAlpha = 1
          context.strokeStyle = paint.fills[step]!
          context.lineWidth = 5 * ratio
          context.lineJoin = 'round'
          context.strokeText(text, x, y, room)
        }
        context.fillText(text, x, y, room)
        context.globalAlpha = alpha
      }
    }
  }
  write(true, false)
  write(true, true)
  if (two) write(false, false)
  context.globalAlpha = 1
}

/** A line above and left of each outermost fold, with some room around it where there is any. */
function paintSeparators(context: CanvasRenderingContext2D, { layout, grid, palette }: Scene, box: Box): void {
  const { seen } = layout
  const thin = Math.max(1, Math.round(layout.frame.ratio))
  const room = gapOf(layout) > 0 ? Math.round(1.5 * layout.frame.ratio) : 0
  const line = (x: number, y: number, width: number, height: number, colour: string) => {
    context.fillStyle = colour
    context.fillRect(x, y, width, height)
  }
  for (const [colour, around] of [
    [palette.ground, room],
    [room > 0 ? palette.line : palette.quiet, 0],
  ] as const) {
    for (let row = Math.max(1, seen.rows[0]); row <= seen.rows[1]; row++) {
      if (grid.rows[row]!.depth === 0 && grid.rows[row]!.kind === 'fold')
        line(box.x, layout.y(row) - thin - around, box.width, thin + 2 * around, colour)
    }
    for (let column = Math.max(1, seen.columns[0]); column <= seen.columns[1]; column++) {
      if (grid.columns[column]!.depth === 0 && grid.columns[column]!.kind === 'fold')
        line(layout.x(column) - thin - around, box.y, thin + 2 * around, box.height, colour)
    }
  }
}

const tiles = new Map<string, HTMLCanvasElement>()

/** A pattern that keeps its place on the cells while they are moved. */
function pattern(
  context: CanvasRenderingContext2D,
  layout: Layout,
  colour: string,
  kind: 'hatch' | 'dots',
  cssSize: number,
): CanvasPattern | string {
  const size = Math.max(3, Math.round(cssSize * layout.frame.ratio))
  const key = `${kind} ${colour} ${size}`
  let tile = tiles.get(key)
  if (!tile) {
    tile = document.createElement('canvas')
    tile.width = tile.height = size
    const brush = tile.getContext('2d')
    if (brush) {
      brush.fillStyle = brush.strokeStyle = colour
      if (kind === 'dots') {
        const dot = Math.max(1, Math.round(size / 3))
        brush.fillRect(0, 0, dot, dot)
      } else {
        brush.lineWidth = size * 0.32
        for (const shift of [-size, 0, size]) {
          brush.beginPath()
          brush.moveTo(shift - 1, size + 1)
          brush.lineTo(shift + size + 1, -1)
          brush.stroke()
        }
      }
    }
    tiles.set(key, tile)
  }
  const made = context.createPattern(tile, 'repeat')
  if (!made) return colour
  made.setTransform(new DOMMatrix([1, 0, 0, 1, layout.area.x - layout.scrollX, layout.area.y - layout.scrollY]))
  return made
}

function pixel(colour: string): number {
  const [r, g, b] = rgb(colour)
  return (255 << 24) | (b << 16) | (g << 8) | r
}
