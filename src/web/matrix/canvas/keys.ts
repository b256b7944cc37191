import type { Shape } from './layout'

/** Where the focus is: -1 stands for the headers. */
export interface Spot {
  row: number
  column: number
}

/** Where a key leads to; null where it leads nowhere. `page` is how many rows and columns are in view. */
export function moveBy(key: string, isFar: boolean, spot: Spot, shape: Shape, page: Shape): Spot | null {
  const last = { row: shape.rows - 1, column: shape.columns - 1 }
  const to = (row: number, column: number): Spot => {
    const next = { row: Math.max(-1, Math.min(last.row, row)), column: Math.max(-1, Math.min(last.column, column)) }
    // Nothing stands in the corner between the headers.
    if (next.row < 0 && next.column < 0) return spot
    return next
  }
  const { row, column } = spot
  switch (key) {
    case 'ArrowUp':
      return to(isFar ? Math.min(row, 0) : row - 1, column)
    case 'ArrowDown':
      return to(isFar ? last.row : row + 1, column)
    case 'ArrowLeft':
      return to(row, isFar ? Math.min(column, 0) : column - 1)
    case 'ArrowRight':
      return to(row, isFar ? last.column : column + 1)
    case 'Home':
      return isFar ? to(0, 0) : to(row, 0)
    case 'End':
      return isFar ? to(last.row, last.column) : to(row, last.column)
    case 'PageUp':
      return to(Math.max(Math.min(row, 0), row - Math.max(1, page.rows - 1)), column)
    case 'PageDown':
      return to(row + Math.max(1, page.rows - 1), column)
    default:
      return null
  }
}
