import { mark, type CellGrid, type CellView } from '../model'
import { mapBox, mapOf, paintCorner } from './corner'
import { namesOf } from './facts'
import { Headings, measureOn, paintHeadings } from './headings'
import type { Spot } from './keys'
import { Layout, wholeView, type Box, type View } from './layout'
import { paintCells, type Scene } from './paint'
import { paintOf, palettes } from './palette'
import { paintPointers, type Pointers } from './pointers'
import { rasterOf, type Raster } from './raster'
import { isAlike, sceneOf, type Subject } from './scene'

/** Numbers of the drawing itself, for tests. */
export interface Drawings {
  /** How often anything was painted. */
  draws: number
  /** The version of the grid that is on the canvas. */
  version: number
}

/** What is larger than a desk's screen is looked at from afar. CSS pixels, and how much larger all gets at most. */
const wall = { width: 1900, height: 960, largest: 1.8 }

/**
 * The picture of a matrix on two canvases: cells and headers below, what is pointed at above. It draws once a frame at most, and while
 * the picture is moved it paints no more than what comes into sight.
 */
export class MatrixView implements Pointers {
  readonly drawings: Drawings = { draws: 0, version: -1 }
  private readonly below: CanvasRenderingContext2D
  private readonly above: CanvasRenderingContext2D
  private subject: Subject | null = null
  private raster: Raster | null = null
  private scene: Scene | null = null
  private map: CanvasImageSource | null = null
  /** What the pointers are painted from. */
  headings: Headings | null = null
  private current: Layout | null = null
  isUpright = false
  private wanted: View = wholeView
  private width = 0
  private height = 0
  private ratio = 1
  /** Device pixels of a CSS pixel, and more on a wall: there all is larger. */
  private unit = 1
  private frame = 0
  private isStale = true
  private painted: { layout: Layout; scene: Scene } | null = null
  hovered: Spot | null = null
  focused: Spot | null = null
  hasFocusRing = false
  private lookup: { grid: CellGrid; rows: Map<string, number>; columns: Map<string, number> } | null = null
  private glide = 0

  constructor(
    readonly canvas: HTMLCanvasElement,
    overlay: HTMLCanvasElement,
    /** Called after the layout may have changed. */
    private readonly onlayout: () => void,
  ) {
    const below = canvas.getContext('2d', { alpha: false })
    const above = overlay.getContext('2d')
    if (!below || !above) throw new Error('This browser gives no canvas to draw on.')
    this.below = below
    this.above = above
  }

  get layout(): Layout | null {
    return this.current
  }

  get isWhole(): boolean {
    return this.wanted.zoom <= 1
  }

  /** Shows something else, or the same with other numbers. */
  show(next: Subject): void {
    const before = this.subject
    this.subject = next
    const isOther = before?.grid !== next.grid
    if (isOther || before.scale !== next.scale) this.raster = rasterOf(next.grid, next.scale)
    if (!before || before.grid.rows !== next.grid.rows || before.grid.columns !== next.grid.columns) this.headings = null
    this.map = null
    this.scene = null
    this.arrange()
  }

  resize(width: number, height: number, ratio: number): void {
    if (width === this.width && height === this.height && ratio === this.ratio) return
    this.headings = null
    this.width = width
    this.height = height
    this.ratio = ratio
    this.unit = ratio * Math.max(1, Math.min(wall.largest, width / wall.width, height / wall.height))
    this.arrange()
  }

  /** Draws all of it now, as a printer does not wait for the next frame. Answers what goes back to what was looked at. */
  print(): () => void {
    const before = this.wanted
    this.fit()
    cancelAnimationFrame(this.frame)
    this.frame = 0
    this.draw()
    return () => this.look(before)
  }

  close(): void {
    cancelAnimationFrame(this.frame)
    cancelAnimationFrame(this.glide)
  }

  look(view: View): void {
    cancelAnimationFrame(this.glide)
    this.wanted = view
    this.arrange()
  }

  move(dx: number, dy: number): void {
    if (this.current) this.look(this.current.moved(dx * this.ratio, dy * this.ratio))
  }

  /** Goes on moving for a while, ever slower. */
  slide(vx: number, vy: number): void {
    if (Math.hypot(vx, vy) < 0.2 || matchMedia('(prefers-reduced-motion: reduce)').matches) return
    let before = performance.now()
    let restX = 0
    let restY = 0
    const step = (now: number) => {
      const span = Math.min(50, Math.max(0, now - before))
      before = now
      const slow = Math.exp(-span / 220)
      restX += vx * span
      restY += vy * span
      const [dx, dy] = [Math.round(restX), Math.round(restY)]
      restX -= dx
      restY -= dy
      vx *= slow
      vy *= slow
      if (this.current && (dx || dy)) {
        this.wanted = this.current.moved(dx * this.ratio, dy * this.ratio)
        this.arrange()
      }
      if (Math.hypot(vx, vy) > 0.02) this.glide = requestAnimationFrame(step)
    }
    cancelAnimationFrame(this.glide)
    this.glide = requestAnimationFrame(step)
  }

  zoom(factor: number, x: number, y: number): void {
    if (this.current) this.look(this.current.zoomed(factor, x * this.ratio, y * this.ratio))
  }

  /** Zooms around the middle of the cells. */
  zoomMiddle(factor: number): void {
    const layout = this.current
    if (!layout) return
    const { area } = layout
    this.look(layout.zoomed(factor, area.x + area.width / 2, area.y + area.height / 2))
  }

  fit(): void {
    this.look(wholeView)
  }

  reveal(spot: Spot): void {
    if (this.current) this.look(this.current.revealing(spot.row, spot.column))
  }

  hover(spot: Spot | null): void {
    if (spot?.row === this.hovered?.row && spot?.column === this.hovered?.column) return
    this.hovered = spot
    this.request()
  }

  focus(spot: Spot | null, hasRing: boolean): void {
    this.focused = spot
    this.hasFocusRing = hasRing
    this.request()
  }

  /** What is at a place, in CSS pixels. */
  at(x: number, y: number): Spot | 'map' | null {
    const layout = this.current
    if (!layout) return null
    const map = mapBox(layout)
    const [px, py] = [x * this.ratio, y * this.ratio]
    if (map && px >= map.x && py >= map.y && px < map.x + map.width && py < map.y + map.height) return 'map'
    const spot = layout.at(px, py)
    return spot && spot.row < 0 && spot.column < 0 ? null : spot
  }

  /** Moves to a place on the small map. */
  goOnMap(x: number, y: number): void {
    const layout = this.current
    const map = layout && mapBox(layout)
    if (!layout || !map) return
    const { rows, columns } = layout.shape
    this.look(layout.centred(((y * this.ratio - map.y) / map.height) * rows, ((x * this.ratio - map.x) / map.width) * columns))
  }

  /** The line of a probe, or the fold that it is in. */
  locate(source: string, destination: string): Spot | null {
    const subject = this.subject
    if (!subject) return null
    const { grid, data } = subject
    if (this.lookup?.grid !== grid) {
      const find = (lines: CellGrid['rows'], names: string[]) => {
        const found = new Map<string, number>()
        lines.forEach((line, index) => {
          if (line.kind === 'fold' && line.isOpen) return
          for (const member of line.members) {
            const name = names[member]
            if (name !== undefined && (line.kind === 'probe' || !found.has(name))) found.set(name, index)
          }
        })
        return found
      }
      this.lookup = { grid, rows: find(grid.rows, data.sources), columns: find(grid.columns, data.destinations) }
    }
    const row = this.lookup.rows.get(source)
    const column = this.lookup.columns.get(destination)
    return row === undefined || column === undefined ? null : { row, column }
  }

  /** Where a cell is, in CSS pixels. Headers, with -1, have their place beside the cells. */
  box(spot: Spot): Box | null {
    const layout = this.current
    if (!layout) return null
    const { area, indent } = layout
    const x = spot.column < 0 ? indent : layout.x(spot.column)
    const y = spot.row < 0 ? 0 : layout.y(spot.row)
    const width = (spot.column < 0 ? area.x : layout.x(spot.column + 1)) - x
    const height = (spot.row < 0 ? area.y : layout.y(spot.row + 1)) - y
    return { x: x / this.ratio, y: y / this.ratio, width: width / this.ratio, height: height / this.ratio }
  }

  /** What is on the canvas for a pair. */
  cell(source: string, destination: string): CellView | null {
    const spot = this.locate(source, destination)
    const box = spot && this.box(spot)
    const subject = this.subject
    if (!spot || !box || !subject) return null
    const { grid, data, scale, theme, isOld } = subject
    const cell = spot.row * grid.columns.length + spot.column
    const from = grid.rows[spot.row]
    const to = grid.columns[spot.column]
    if (!from || !to) return null
    const [first, second] = namesOf(data, grid.pairs[cell]!, from, to)
    const palette = palettes[theme]
    const marks = grid.marks[cell]!
    const fill = paintOf(scale, palette, isOld).fills[this.raster?.steps[cell] ?? 0]
    return {
      ...spot,
      source: first,
      destination: second,
      ...box,
      value: grid.values[cell]!,
      marks,
      colour: marks & mark.self || !fill ? palette.ground : fill,
    }
  }

  private arrange(): void {
    const subject = this.subject
    if (!subject || this.width < 1 || this.height < 1) return
    const { grid } = subject
    this.headings ??= new Headings(measureOn(this.below), grid.rows, grid.columns, this.unit)
    const frame = { width: Math.round(this.width * this.ratio), height: Math.round(this.height * this.ratio), ratio: this.unit }
    const shape = { rows: grid.rows.length, columns: grid.columns.length }
    const before = this.current
    if (before && before.view.zoom > 1 && (before.shape.rows !== shape.rows || before.shape.columns !== shape.columns)) {
      // Cells keep their size when lines come or go.
      const fresh = new Layout(frame, shape, before.headers, wholeView)
      this.wanted = { ...this.wanted, zoom: Math.max(1, (before.view.zoom * before.fitHeight) / fresh.fitHeight) }
    }
    let layout = new Layout(frame, shape, this.headings.room(frame, false), this.wanted)
    this.isUpright = !this.headings.fitAcross(layout.cellWidth)
    if (this.isUpright) layout = new Layout(frame, shape, this.headings.room(frame, true), this.wanted)
    this.wanted = layout.view
    this.current = layout
    this.request()
    this.onlayout()
  }

  private request(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => ((this.frame = 0), this.draw()))
  }

  private compose(layout: Layout, subject: Subject): Scene {
    const before = this.scene
    if (before && isAlike(before.layout, layout)) return (this.scene = before.layout === layout ? before : { ...before, layout })
    this.raster ??= rasterOf(subject.grid, subject.scale)
    this.isStale = true
    return (this.scene = sceneOf(subject, layout, this.raster))
  }

  private draw(): void {
    const layout = this.current
    if (!layout || !this.subject) return
    const scene = this.compose(layout, this.subject)
    const { frame } = layout
    const canvases = [this.below.canvas, this.above.canvas]
    for (const canvas of canvases) {
      if (canvas.width !== frame.width || canvas.height !== frame.height) {
        canvas.width = frame.width
        canvas.height = frame.height
        this.isStale = true
      }
    }
    this.paintBelow(scene, layout)
    paintPointers(this.above, layout, scene.palette, this)
    this.drawings.draws++
    this.drawings.version = scene.grid.version
  }

  private paintBelow(scene: Scene, layout: Layout): void {
    const context = this.below
    const before = this.painted
    const area = layout.area
    if (!this.isStale && before?.layout === layout) return
    const isMoved =
      !this.isStale &&
      before?.scene.image === scene.image &&
      before.layout.cellWidth === layout.cellWidth &&
      before.layout.cellHeight === layout.cellHeight &&
      sameBox(before.layout.area, area)
    if (isMoved) {
      const dx = before.layout.scrollX - layout.scrollX
      const dy = before.layout.scrollY - layout.scrollY
      const wide = area.width - Math.abs(dx)
      const tall = area.height - Math.abs(dy)
      if (wide > 0 && tall > 0) {
        const from = { x: area.x + Math.max(0, -dx), y: area.y + Math.max(0, -dy) }
        context.drawImage(context.canvas, from.x, from.y, wide, tall, from.x + dx, from.y + dy, wide, tall)
        const kept = { x: from.x + dx, y: from.y + dy }
        if (dy !== 0) paintCells(context, scene, { ...area, y: dy > 0 ? area.y : area.y + tall, height: Math.abs(dy) })
        if (dx !== 0)
          paintCells(context, scene, { x: dx > 0 ? area.x : area.x + wide, y: kept.y, width: Math.abs(dx), height: tall })
      } else paintCells(context, scene, area)
    } else paintCells(context, scene, area)
    if (this.headings) paintHeadings(context, this.headings, layout, scene.palette, this.isUpright)
    const map = mapBox(layout)
    if (map) this.map ??= mapOf(map, this.raster ?? scene.raster, scene.paint)
    paintCorner(context, layout, scene.palette, this.map)
    this.isStale = false
    this.painted = { layout, scene }
  }
}

function sameBox(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height
}
