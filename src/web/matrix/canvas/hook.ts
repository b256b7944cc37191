import type { CellGrid, CellView } from '../model'
import type { MatrixView } from './view'

/** What the canvas element carries as `matrix`, for tests: what is drawn where. */
interface CanvasHook {
  /** Where a pair is drawn and how; the fold that it is in where it is folded. */
  cell(source: string, destination: string): CellView | null
  readonly size: { rows: number; columns: number }
  /** How often the canvas has been painted. */
  readonly draws: number
  /** The version of the grid that has been painted last; -1 before. */
  readonly version: number
}

export function hookOf(view: MatrixView, grid: () => CellGrid): CanvasHook {
  return {
    cell: (source, destination) => view.cell(source, destination),
    get size() {
      return { rows: grid().rows.length, columns: grid().columns.length }
    },
    get draws() {
      return view.drawings.draws
    },
    get version() {
      return view.drawings.version
    },
  }
}
