import { mark, type CellGrid, type Scale } from '../model'

/**
 * Cells ready to be painted: for each what colour it has and what it is marked with. Where cells are smaller than a pixel, an element
 * stands for several, and shows the worst of them: what is bad is never averaged away.
 */
export interface Raster {
  rows: number
  columns: number
  /** 0 is without a value, anything else a step of the scale plus one. */
  steps: Uint8Array
  marks: Uint8Array
}

/** The whole grid, an element a cell. */
export function rasterOf(grid: CellGrid, scale: Scale): Raster {
  const { values, marks } = grid
  const bounds = scale.bounds
  const last = bounds.length
  const steps = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value !== value) continue
    let step = 0
    while (step < last && value > bounds[step]!) step++
    steps[i] = step + 1
  }
  return { rows: grid.rows.length, columns: grid.columns.length, steps, marks }
}

/** The same with fewer rows and columns. Of cells with the worst colour all marks are kept. */
export function shrink(full: Raster, rows: number, columns: number): Raster {
  if (rows >= full.rows && columns >= full.columns) return full
  rows = Math.min(rows, full.rows)
  columns = Math.min(columns, full.columns)
  const steps = new Uint8Array(rows * columns)
  const marks = new Uint8Array(rows * columns).fill(mark.self)
  const target = new Int32Array(full.columns)
  for (let c = 0; c < full.columns; c++) target[c] = Math.floor((c * columns) / full.columns)
  for (let r = 0; r < full.rows; r++) {
    const from = r * full.columns
    const to = Math.floor((r * rows) / full.rows) * columns
    for (let c = 0; c < full.columns; c++) {
      const step = full.steps[from + c]!
      const marked = full.marks[from + c]!
      const i = to + target[c]!
      const worst = steps[i]!
      if (step > worst) {
        steps[i] = step
        marks[i] = marked
      } else if (step === worst) {
        // Among those without a value, one that was never measured shows before a probe's own place.
        if (step > 0) marks[i]! |= marked
        else if ((marked & mark.self) === 0) marks[i] = marked
      }
    }
  }
  return { rows, columns, steps, marks }
}
