// Where rows, columns and headers are on the canvas. All in device pixels, so that cells have sharp edges.

/** A rectangle of the canvas. */
export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface Shape {
  rows: number
  columns: number
}

/** What there is to draw on. `ratio` is how many device pixels a CSS pixel has. */
export interface Frame {
  width: number
  height: number
  ratio: number
}

/** How much of it row headers (left) and column headers (top) take. */
export interface Headers {
  left: number
  top: number
}

/** What somebody looks at: `zoom` times as large as when everything fits, from this cell on. */
export interface View {
  zoom: number
  column: number
  row: number
}

export const wholeView: View = { zoom: 1, column: 0, row: 0 }

/** Sizes in CSS pixels, and how much wider than high a cell may be. */
const limits = { margin: 10, fitWidth: 264, fitHeight: 120, zoomHeight: 48, zoomWidth: 88, widest: 2.4, whole: 4 }

/** Cells of some pixels are all equally large; where there are fewer to give, their size is a fraction. */
function snap(size: number): number {
  return size >= limits.whole ? Math.floor(size) : size
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}

/** The arrangement of a grid in a frame as it is looked at. Never changes; another view is another layout. */
export class Layout {
  readonly cellWidth: number
  readonly cellHeight: number
  /** Cells are drawn within. */
  readonly area: Box
  /** Where headers begin: the whole stands in the middle of what is wider. */
  readonly indent: number
  readonly scrollX: number
  readonly scrollY: number
  /** The view as it turned out: within what there is. */
  readonly view: View
  readonly largestZoom: number
  /** The height of a cell when everything fits. */
  readonly fitHeight: number

  constructor(
    readonly frame: Frame,
    readonly shape: Shape,
    readonly headers: Headers,
    wanted: View,
  ) {
    const { ratio } = frame
    const margin = limits.margin * ratio
    const roomX = Math.max(1, frame.width - headers.left - margin)
    const roomY = Math.max(1, frame.height - headers.top - margin)
    const columns = Math.max(1, shape.columns)
    const rows = Math.max(1, shape.rows)

    let width = Math.min(roomX / columns, limits.fitWidth * ratio)
    let height = Math.min(roomY / rows, limits.fitHeight * ratio)
    width = Math.min(width, height * limits.widest)
    height = Math.min(height, width)
    this.fitHeight = height
    this.largestZoom = Math.max(1, (limits.zoomHeight * ratio) / height, (limits.zoomWidth * ratio) / width)

    const zoom = clamp(wanted.zoom, 1, this.largestZoom)
    this.cellWidth = snap(width * zoom)
    this.cellHeight = snap(height * zoom)

    const spareX = Math.max(0, roomX - this.contentWidth)
    this.indent = Math.floor(spareX / 2)
    const x = this.indent + headers.left
    this.area = {
      x,
      y: headers.top,
      width: Math.max(1, Math.min(frame.width - x, Math.ceil(this.contentWidth))),
      height: Math.max(1, Math.min(frame.height - headers.top, Math.ceil(this.contentHeight))),
    }
    this.scrollX = Math.round(clamp(wanted.column * this.cellWidth, 0, Math.max(0, this.contentWidth - roomX)))
    this.scrollY = Math.round(clamp(wanted.row * this.cellHeight, 0, Math.max(0, this.contentHeight - roomY)))
    this.view = { zoom, column: this.scrollX / this.cellWidth, row: this.scrollY / this.cellHeight }
  }

  get contentWidth(): number {
    return this.shape.columns * this.cellWidth
  }

  get contentHeight(): number {
    return this.shape.rows * this.cellHeight
  }

  /** True where all of it is in view. */
  get isWhole(): boolean {
    return this.contentWidth <= this.area.width + 1 && this.contentHeight <= this.area.height + 1
  }

  /** The left edge of a column; that of the column after the last is the right edge of all. */
  x(column: number): number {
    return this.area.x + Math.round(column * this.cellWidth) - this.scrollX
  }

  /** The upper edge of a row. */
  y(row: number): number {
    return this.area.y + Math.round(row * this.cellHeight) - this.scrollY
  }

  box(row: number, column: number): Box {
    const x = this.x(column)
    const y = this.y(row)
    return { x, y, width: this.x(column + 1) - x, height: this.y(row + 1) - y }
  }

  /** What is at a point: -1 for headers, null for what is outside of all. */
  at(x: number, y: number): { row: number; column: number } | null {
    if (x < this.indent || y < 0 || x >= this.area.x + this.area.width || y >= this.area.y + this.area.height) return null
    const column = x < this.area.x ? -1 : Math.floor((x - this.area.x + this.scrollX) / this.cellWidth)
    const row = y < this.area.y ? -1 : Math.floor((y - this.area.y + this.scrollY) / this.cellHeight)
    return column < this.shape.columns && row < this.shape.rows ? { row, column } : null
  }

  /** The first and the last row, and column, that can be seen. */
  get seen(): { rows: [number, number]; columns: [number, number] } {
    const last = (from: number, size: number, cell: number, count: number) =>
      Math.min(count - 1, Math.ceil((from + size) / cell) - 1)
    return {
      rows: [Math.floor(this.scrollY / this.cellHeight), last(this.scrollY, this.area.height, this.cellHeight, this.shape.rows)],
      columns: [
        Math.floor(this.scrollX / this.cellWidth),
        last(this.scrollX, this.area.width, this.cellWidth, this.shape.columns),
      ],
    }
  }

  /** The view after all has been moved by some pixels. */
  moved(dx: number, dy: number): View {
    return {
      zoom: this.view.zoom,
      column: (this.scrollX - dx) / this.cellWidth,
      row: (this.scrollY - dy) / this.cellHeight,
    }
  }

  /** The view after zooming, with what is at a point kept there as far as it goes. */
  zoomed(factor: number, x: number, y: number): View {
    const zoom = clamp(this.view.zoom * factor, 1, this.largestZoom)
    const next = new Layout(this.frame, this.shape, this.headers, { ...this.view, zoom })
    const column = (clamp(x, this.area.x, this.area.x + this.area.width) - this.area.x + this.scrollX) / this.cellWidth
    const row = (clamp(y, this.area.y, this.area.y + this.area.height) - this.area.y + this.scrollY) / this.cellHeight
    return {
      zoom,
      column: column - (clamp(x, next.area.x, frameEnd(next)) - next.area.x) / next.cellWidth,
      row: row - Math.max(0, y - next.area.y) / next.cellHeight,
    }
  }

  /** The view with a cell in sight, moved no further than need be. Headers have no place of their own to move to. */
  revealing(row: number, column: number): View {
    const view = { ...this.view }
    const width = this.area.width / this.cellWidth
    const height = this.area.height / this.cellHeight
    if (column >= 0) view.column = clamp(view.column, column + 1 - width, column)
    if (row >= 0) view.row = clamp(view.row, row + 1 - height, row)
    return view
  }

  /** The view with a cell in the middle. */
  centred(row: number, column: number): View {
    return {
      zoom: this.view.zoom,
      column: column - this.area.width / this.cellWidth / 2,
      row: row - this.area.height / this.cellHeight / 2,
    }
  }
}

function frameEnd(layout: Layout): number {
  return layout.area.x + layout.area.width
}
