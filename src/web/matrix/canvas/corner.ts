import type { Box, Layout } from './layout'
import { fontFamily, imageOf } from './paint'
import type { Paint, Palette } from './palette'
import { shrink, type Raster } from './raster'

// Between the headers: what they mean, or where one is in what is larger than the screen.

/** Where the map is; null where all is in view anyway, or there is no room. */
export function mapBox(layout: Layout): Box | null {
  if (layout.isWhole) return null
  const { area, indent, frame } = layout
  const margin = 6 * frame.ratio
  const width = Math.min(area.x - indent - 2 * margin, 160 * frame.ratio)
  const height = area.y - 2 * margin
  if (width < 24 * frame.ratio || height < 14 * frame.ratio) return null
  return { x: Math.round(area.x - margin - width), y: margin, width: Math.round(width), height: Math.round(height) }
}

/** All of the matrix, somewhat larger than the map: it is for finding one's way, and may blur. */
export function mapOf(map: Box, raster: Raster, paint: Paint): HTMLCanvasElement {
  return imageOf(shrink(raster, Math.ceil(4 * map.height), Math.ceil(4 * map.width)), paint, null)
}

export function paintCorner(
  context: CanvasRenderingContext2D,
  layout: Layout,
  palette: Palette,
  image: CanvasImageSource | null,
): void {
  const map = mapBox(layout)
  if (map && image) paintMap(context, layout, palette, map, image)
  else paintWords(context, layout, palette)
}

function paintMap(
  context: CanvasRenderingContext2D,
  { area, frame, scrollX, scrollY, contentWidth, contentHeight }: Layout,
  palette: Palette,
  map: Box,
  image: CanvasImageSource,
): void {
  const { ratio } = frame
  context.imageSmoothingEnabled = true
  context.imageSmoothingQuality = 'high'
  context.fillStyle = palette.surface
  context.fillRect(map.x, map.y, map.width, map.height)
  context.drawImage(image, map.x, map.y, map.width, map.height)
  context.lineWidth = ratio
  context.strokeStyle = palette.line
  context.strokeRect(map.x - ratio / 2, map.y - ratio / 2, map.width + ratio, map.height + ratio)

  const across = map.width / contentWidth
  const down = map.height / contentHeight
  const view = {
    x: Math.round(map.x + scrollX * across),
    y: Math.round(map.y + scrollY * down),
    width: Math.round(Math.max(3 * ratio, Math.min(map.width, area.width * across))),
    height: Math.round(Math.max(3 * ratio, Math.min(map.height, area.height * down))),
  }
  for (const [colour, width] of [
    [palette.ground, 3.5],
    [palette.focus, 1.5],
  ] as const) {
    context.lineWidth = Math.max(1, Math.round(width * ratio))
    context.strokeStyle = colour
    context.strokeRect(view.x, view.y, view.width, view.height)
  }
}

function paintWords(context: CanvasRenderingContext2D, { area, indent, frame }: Layout, palette: Palette): void {
  const { ratio } = frame
  const room = area.x - indent - 10 * ratio
  context.font = `400 ${11 * ratio}px ${fontFamily}`
  context.fillStyle = palette.quiet
  context.textBaseline = 'alphabetic'
  context.textAlign = 'right'
  context.fillText('to →', area.x - 7 * ratio, Math.min(area.y - 10 * ratio, 18 * ratio), room)
  if (area.y < 40 * ratio) return
  context.textAlign = 'left'
  context.fillText('from ↓', indent + 8 * ratio, area.y - 8 * ratio, room)
}
