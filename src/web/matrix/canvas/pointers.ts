import { paintChip, type Headings } from './headings'
import type { Spot } from './keys'
import type { Box, Layout } from './layout'
import type { Palette } from './palette'

/** What is pointed at, and how its names are placed. */
export interface Pointers {
  readonly hovered: Spot | null
  readonly focused: Spot | null
  readonly hasFocusRing: boolean
  readonly headings: Headings | null
  readonly isUpright: boolean
}

/** Paints what is pointed at on a canvas of its own: row, column and cell under the pointer, and the cell that has the focus. */
export function paintPointers(context: CanvasRenderingContext2D, layout: Layout, palette: Palette, pointers: Pointers): void {
  const { frame, shape } = layout
  const { hovered, focused, hasFocusRing } = pointers
  context.clearRect(0, 0, frame.width, frame.height)
  const isThere = (spot: Spot) => spot.row < shape.rows && spot.column < shape.columns
  const isCell = (spot: Spot) => spot.row >= 0 && spot.column >= 0
  if (hovered && isThere(hovered)) {
    paintCross(context, layout, palette, hovered)
    if (isCell(hovered)) outline(context, layout, hovered, palette.ink, palette.ground, 1)
    paintChips(context, layout, pointers, hovered, palette.ink, palette.ground)
  }
  if (focused && isThere(focused)) {
    if (isCell(focused)) outline(context, layout, focused, palette.focus, palette.ground, hasFocusRing ? 2.5 : 1.5)
    if (hasFocusRing) paintChips(context, layout, pointers, focused, palette.focus, palette.ground)
  }
}

function paintCross(context: CanvasRenderingContext2D, layout: Layout, palette: Palette, { row, column }: Spot): void {
  const { area, frame, cellWidth, cellHeight } = layout
  const { ratio } = frame
  context.save()
  clipTo(context, area)
  context.fillStyle = palette.ink
  // What is thin has to be seen too.
  context.globalAlpha = Math.min(cellWidth, cellHeight) < 6 * ratio ? 0.38 : 0.14
  const [x, y] = [layout.x(column), layout.y(row)]
  if (row >= 0) context.fillRect(area.x, y, area.width, Math.max(ratio, layout.y(row + 1) - y))
  if (column >= 0) context.fillRect(x, area.y, Math.max(ratio, layout.x(column + 1) - x), area.height)
  context.restore()
}

function paintChips(
  context: CanvasRenderingContext2D,
  layout: Layout,
  { headings, isUpright }: Pointers,
  { row, column }: Spot,
  ground: string,
  ink: string,
): void {
  if (!headings) return
  const { ratio } = layout.frame
  if (row >= 0) paintChip(context, headings.row(layout, row, true), ground, ink, ratio)
  if (column >= 0) paintChip(context, headings.column(layout, column, isUpright, true), ground, ink, ratio)
}

/** A frame around a cell. */
function outline(
  context: CanvasRenderingContext2D,
  layout: Layout,
  { row, column }: Spot,
  colour: string,
  halo: string,
  width: number,
): void {
  const { ratio } = layout.frame
  const { area } = layout
  const box = layout.box(row, column)
  // That of a cell of a pixel or two is around it.
  const wide = Math.max(box.width, 7 * ratio)
  const tall = Math.max(box.height, 7 * ratio)
  const x = box.x - (wide - box.width) / 2
  const y = box.y - (tall - box.height) / 2
  const room = 4 * ratio
  context.save()
  clipTo(context, { x: area.x - room, y: area.y - room, width: area.width + 2 * room, height: area.height + 2 * room })
  const line = Math.max(1, Math.round(width * ratio))
  context.lineWidth = line + 2 * Math.max(1, Math.round(ratio))
  context.strokeStyle = halo
  context.strokeRect(x, y, wide, tall)
  context.lineWidth = line
  context.strokeStyle = colour
  context.strokeRect(x, y, wide, tall)
  context.restore()
}

function clipTo(context: CanvasRenderingContext2D, box: Box): void {
  context.beginPath()
  context.rect(box.x, box.y, box.width, box.height)
  context.clip()
}
