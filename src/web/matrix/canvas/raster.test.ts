import { describe, expect, it } from 'vitest'
import { mark, stepOf, type CellGrid, type Line, type Scale } from '../model'
import { rasterOf, shrink } from './raster'

const scale: Scale = { title: '', bounds: [0, 1, 2], colours: [], inks: [], labels: [], text: String }

function lines(count: number): Line[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `=${i}`,
    label: String(i),
    depth: 0,
    kind: 'probe',
    isOpen: false,
    count: 1,
    members: Int32Array.of(i),
  }))
}

function gridOf(rows: number, columns: number, value: (row: number, column: number) => number): CellGrid {
  const values = Float32Array.from({ length: rows * columns }, (_, i) => value(Math.floor(i / columns), i % columns))
  return {
    rows: lines(rows),
    columns: lines(columns),
    values,
    marks: Uint8Array.from(values, (v, i) =>
      Number.isNaN(v) ? (Math.floor(i / columns) === i % columns ? mark.self : 0) : mark.measured,
    ),
    pairs: Int32Array.from(values, (_, i) => i),
    version: 1,
  }
}

describe('a raster', () => {
  it('has the steps that the legend has', () => {
    const all = [NaN, -1, 0, 0.5, 1, 1.5, 2, 9]
    const raster = rasterOf(
      gridOf(1, all.length, (_, column) => all[column]!),
      scale,
    )
    expect([...raster.steps]).toEqual(all.map((value) => stepOf(scale, value) + 1))
  })

  it('shows the worst of cells that share a pixel, wherever it is', () => {
    for (const [row, column] of [
      [0, 0],
      [99, 99],
      [37, 62],
    ] as const) {
      const small = shrink(
        rasterOf(
          gridOf(100, 100, (r, c) => (r === row && c === column ? 9 : 0)),
          scale,
        ),
        30,
        7,
      )
      expect(small.steps).toHaveLength(210)
      expect([...small.steps].filter((step) => step === 4)).toHaveLength(1)
      expect(small.steps[Math.floor((row * 30) / 100) * 7 + Math.floor((column * 7) / 100)]).toBe(4)
    }
  })

  it('takes the worst and nothing else for an element, whatever the sizes', () => {
    const value = (r: number, c: number) => ((r * 31 + c * 17) % 11) - 4
    const full = rasterOf(gridOf(23, 41, value), scale)
    for (const [rows, columns] of [
      [23, 41],
      [22, 40],
      [5, 41],
      [1, 1],
    ] as const) {
      const small = shrink(full, rows, columns)
      const worst = new Uint8Array(rows * columns)
      for (let r = 0; r < 23; r++)
        for (let c = 0; c < 41; c++) {
          const i = Math.floor((r * rows) / 23) * columns + Math.floor((c * columns) / 41)
          worst[i] = Math.max(worst[i]!, full.steps[r * 41 + c]!)
        }
      expect(small.steps).toEqual(worst)
    }
  })

  it('keeps marks of the worst, not of others', () => {
    const grid = gridOf(2, 2, (r, c) => (r === 0 && c === 0 ? 5 : 0))
    grid.marks[0]! |= mark.loss
    grid.marks[3]! |= mark.stale
    expect(shrink(rasterOf(grid, scale), 1, 1).marks[0]).toBe(mark.measured | mark.loss)
  })

  it('tells never measured from a probe and itself', () => {
    const small = shrink(
      rasterOf(
        gridOf(4, 4, () => NaN),
        scale,
      ),
      2,
      2,
    )
    expect([...small.steps]).toEqual([0, 0, 0, 0])
    expect([...small.marks]).toEqual([0, 0, 0, 0])
    const own = shrink(
      rasterOf(
        gridOf(2, 2, (r, c) => (r === c ? NaN : 0)),
        scale,
      ),
      2,
      2,
    )
    expect([...own.marks]).toEqual([mark.self, mark.measured, mark.measured, mark.self])
  })
})
