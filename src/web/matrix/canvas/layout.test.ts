import { describe, expect, it } from 'vitest'
import { Layout, wholeView, type Frame, type Shape } from './layout'

const headers = { left: 60, top: 40 }

function layout(frame: Partial<Frame> = {}, shape: Partial<Shape> = {}, view = wholeView): Layout {
  return new Layout({ width: 1280, height: 700, ratio: 1, ...frame }, { rows: 8, columns: 8, ...shape }, headers, view)
}

const frames: Partial<Frame>[] = [
  {},
  { width: 360, height: 500 },
  { width: 1080, height: 1500, ratio: 3 },
  { width: 3840, height: 2000 },
]
const shapes: Shape[] = [
  { rows: 1, columns: 1 },
  { rows: 8, columns: 8 },
  { rows: 3, columns: 40 },
  { rows: 97, columns: 101 },
  { rows: 1000, columns: 1000 },
]

describe('a layout', () => {
  it('shows all of it to begin with, in any frame', () => {
    for (const frame of frames)
      for (const shape of shapes) {
        const all = layout(frame, shape)
        expect(all.isWhole).toBe(true)
        expect(all.x(shape.columns)).toBeLessThanOrEqual(all.frame.width)
        expect(all.y(shape.rows)).toBeLessThanOrEqual(all.frame.height)
        expect(all.seen).toEqual({ rows: [0, shape.rows - 1], columns: [0, shape.columns - 1] })
      }
  })

  it('leaves no gap between cells and lets none overlap', () => {
    for (const zoom of [1, 1.37, 4, 50]) {
      const some = layout({}, { rows: 200, columns: 150 }, { zoom, column: 3.3, row: 7.9 })
      for (let column = 0; column < 150; column++) {
        const box = some.box(0, column)
        expect(box.x + box.width).toBe(some.x(column + 1))
        expect(box.width).toBeGreaterThanOrEqual(1)
      }
    }
  })

  it('finds the cell that is drawn at a point', () => {
    for (const frame of frames)
      for (const shape of shapes)
        for (const zoom of [1, 3, 20]) {
          const some = layout(frame, shape, { zoom, column: shape.columns / 3, row: shape.rows / 3 })
          const { rows, columns } = some.seen
          for (const row of rows)
            for (const column of columns) {
              const box = some.box(row, column)
              if (box.width < 2 || box.height < 2) continue
              const x = Math.max(box.x + box.width / 2, some.area.x)
              const y = Math.max(box.y + box.height / 2, some.area.y)
              if (x >= some.area.x + some.area.width || y >= some.area.y + some.area.height) continue
              expect(some.at(x, y)).toEqual({ row, column })
            }
        }
  })

  it('tells headers from cells and from what is outside', () => {
    const all = layout()
    const cell = all.box(2, 3)
    expect(all.at(all.area.x - 5, cell.y + 5)).toEqual({ row: 2, column: -1 })
    expect(all.at(cell.x + 5, 5)).toEqual({ row: -1, column: 3 })
    expect(all.at(all.x(8) + 1, cell.y)).toBeNull()
  })

  it('keeps what is under the pointer there while zooming', () => {
    let some = layout({}, { rows: 1000, columns: 1000 })
    const [x, y] = [600, 300]
    for (let i = 0; i < 30; i++) {
      const before = some.at(x, y)!
      some = new Layout(some.frame, some.shape, headers, some.zoomed(1.2, x, y))
      const after = some.at(x, y)!
      expect(Math.abs(after.row - before.row)).toBeLessThanOrEqual(1)
      expect(Math.abs(after.column - before.column)).toBeLessThanOrEqual(1)
    }
    expect(some.cellHeight).toBeGreaterThanOrEqual(40)
  })

  it('can be moved no further than there are cells', () => {
    const some = layout({}, { rows: 300, columns: 300 }, { zoom: 10, column: 0, row: 0 })
    const far = new Layout(some.frame, some.shape, headers, some.moved(-1e6, -1e6))
    expect(far.seen.rows[1]).toBe(299)
    expect(far.seen.columns[1]).toBe(299)
    const back = new Layout(some.frame, some.shape, headers, far.moved(1e6, 1e6))
    expect(back.view).toMatchObject({ column: 0, row: 0 })
  })

  it('brings a cell into view that is not, and else stays', () => {
    const some = layout({}, { rows: 300, columns: 300 }, { zoom: 10, column: 100, row: 100 })
    const [row, column] = [250, 20]
    const next = new Layout(some.frame, some.shape, headers, some.revealing(row, column))
    expect(next.box(row, column).y + next.cellHeight).toBeLessThanOrEqual(next.area.y + next.area.height + 1)
    expect(next.box(row, column).x).toBeGreaterThanOrEqual(next.area.x - 1)
    const again = new Layout(some.frame, some.shape, headers, next.revealing(row, column))
    expect([again.scrollX, again.scrollY]).toEqual([next.scrollX, next.scrollY])
  })

  it('stands without rows and columns', () => {
    const none = layout({}, { rows: 0, columns: 0 })
    expect(none.at(100, 100)).toBeNull()
  })
})
