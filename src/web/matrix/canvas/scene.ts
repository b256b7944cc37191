import { duration, loss, notMeasured } from '../../look/format'
import type { Theme } from '../../look/theme.svelte'
import type { Colouring } from '../../state/place'
import type { CellGrid, MatrixData, Scale } from '../model'
import type { Layout } from './layout'
import { imageOf, isSpeckled, type Scene } from './paint'
import { paintOf, palettes } from './palette'
import { shrink, type Raster } from './raster'

/** What is shown. */
export interface Subject {
  grid: CellGrid
  data: MatrixData
  scale: Scale
  colouring: Colouring
  theme: Theme
  isOld: boolean
}

/** What is to be painted where, of a subject and its raster. */
export function sceneOf({ grid, data, scale, theme, isOld, colouring }: Subject, layout: Layout, full: Raster): Scene {
  const palette = palettes[theme]
  const paint = paintOf(scale, palette, isOld)
  const { width, height } = rasterSize(layout)
  const raster = shrink(full, height, width)
  const needsSpecks = colouring !== 'loss'
  const image = imageOf(raster, paint, needsSpecks && isSpeckled(layout) ? palette.ink : null)
  return { layout, grid, scale, palette, paint, raster, image, needsSpecks, beside: besideOf(data, colouring) }
}

/** True where a scene made for one layout does for the other. */
export function isAlike(a: Layout, b: Layout): boolean {
  const [one, other] = [rasterSize(a), rasterSize(b)]
  return one.width === other.width && one.height === other.height && isSpeckled(a) === isSpeckled(b)
}

/** As many elements as cells, but none smaller than a CSS pixel, which is hard enough to see. */
function rasterSize({ shape, frame, contentWidth, contentHeight }: Layout): { width: number; height: number } {
  return {
    width: Math.min(shape.columns, Math.ceil(contentWidth / frame.ratio)),
    height: Math.min(shape.rows, Math.ceil(contentHeight / frame.ratio)),
  }
}

/** Below a loss stands the round trip, below a round trip the loss: both are what one asks for. */
export function besideOf(data: MatrixData, colouring: Colouring): (pair: number) => string {
  const isLoss = colouring.startsWith('loss')
  const values = data.metrics.get(isLoss ? 'rtt_p50' : 'loss')
  return (pair) => {
    const value = values && pair >= 0 ? values[pair]! : NaN
    if (Number.isNaN(value)) return values ? notMeasured : ''
    return isLoss ? duration(value) : loss(value)
  }
}
