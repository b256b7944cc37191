import { mark } from '../model'
import { besideOf, sceneOf, type Subject } from './scene'
import { arrowOf, fontOf, Headings, measureOn, paintHeadings, type Measure } from './headings'
import { Layout, wholeView, type Shape } from './layout'
import { fontFamily, paintCells } from './paint'
import { palettes, paintOf } from './palette'
import { rasterOf } from './raster'

// The matrix as a file: all of it, with what it is, when it was, and what its colours mean.

const size = { margin: 16, title: 24, line: 18, swatch: 14, gap: 14 }

/** Cells of a picture in CSS pixels: of few with numbers, of many as small as can be told apart. */
const cellSizes: [most: number, width: number, height: number][] = [
  [12, 104, 52],
  [30, 64, 32],
  [80, 40, 20],
  [160, 18, 12],
  [400, 9, 7],
  [2000, 3, 3],
  [Infinity, 1, 1],
]

interface Plan {
  layout: Layout
  headings: Headings
  isUpright: boolean
  /** Of the whole, in device pixels. */
  width: number
  height: number
  /** Where the matrix begins. */
  top: number
  legend: { x: number; y: number; text: string; colour: string | null; marks: number }[]
}

/** The words above the matrix. */
function headOf(subject: Subject, title: string): [string, string] {
  const at = new Date(subject.data.at).toISOString().replace('T', ' ').slice(0, 19)
  return [
    title,
    `${subject.scale.title} at ${at} UTC${subject.isOld ? ', no newer numbers' : ''}. Rows: sources. Columns: destinations.`,
  ]
}

function planOf(subject: Subject, title: string, measure: Measure, ratio: number): Plan {
  const { grid, scale } = subject
  const shape: Shape = { rows: grid.rows.length, columns: grid.columns.length }
  const [, cellWidth, cellHeight] = cellSizes.find(([most]) => Math.max(shape.rows, shape.columns) <= most)!
  const headings = new Headings(measure, grid.rows, grid.columns, ratio)
  const isUpright = !headings.fitAcross(cellWidth * ratio)
  const headers = headings.room({ width: 740 * ratio, height: 570 * ratio, ratio }, isUpright)
  const frame = {
    width: headers.left + (shape.columns * cellWidth + 10) * ratio,
    height: headers.top + (shape.rows * cellHeight + 10) * ratio,
    ratio,
  }
  const layout = new Layout(frame, shape, headers, wholeView)

  const margin = size.margin * ratio
  const texts = headOf(subject, title)
  const head = Math.max(measure(texts[0], 16 * ratio, true), measure(texts[1], 12 * ratio, false))
  const width = Math.ceil(Math.max(frame.width, Math.min(head, 900 * ratio), 320 * ratio) + 2 * margin)
  const top = margin + (size.title + size.line + 6) * ratio
  const entries = [
    ...scale.labels.map((text, step) => ({ text, colour: scale.colours[step] ?? null, marks: mark.measured })),
    { text: 'loses datagrams', colour: null, marks: mark.loss },
    { text: 'stale', colour: null, marks: mark.stale },
    { text: 'suspect', colour: null, marks: mark.suspect },
    { text: 'never measured', colour: null, marks: 0 },
  ]
  const legend: Plan['legend'] = []
  let x = margin
  let y = top + frame.height + 6 * ratio
  for (const entry of entries) {
    const wide = (size.swatch + 6) * ratio + measure(entry.text, 12 * ratio, false)
    if (x > margin && x + wide > width - margin) {
      x = margin
      y += 22 * ratio
    }
    legend.push({ ...entry, x, y })
    x += wide + size.gap * ratio
  }
  return { layout, headings, isUpright, width, height: Math.ceil(y + 22 * ratio + margin / 2), top, legend }
}

/** A picture of pixels. */
export async function pngOf(subject: Subject, title: string): Promise<Blob> {
  const lines = Math.max(subject.grid.rows.length, subject.grid.columns.length)
  const ratio = lines <= 80 ? 2 : 1
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { alpha: false })
  if (!context) throw new Error('This browser gives no canvas to draw on.')
  const { layout, headings, isUpright, width, height, top, legend } = planOf(subject, title, measureOn(context), ratio)
  canvas.width = width
  canvas.height = height
  const palette = palettes[subject.theme]
  const scene = sceneOf(subject, layout, rasterOf(subject.grid, subject.scale))
  const margin = size.margin * ratio
  context.fillStyle = palette.ground
  context.fillRect(0, 0, width, height)

  context.save()
  context.translate(margin, top)
  paintCells(context, scene, layout.area)
  paintHeadings(context, headings, layout, palette, isUpright)
  context.restore()

  const [head, below] = headOf(subject, title)
  context.textBaseline = 'alphabetic'
  context.textAlign = 'left'
  context.fillStyle = palette.ink
  context.font = fontOf(16 * ratio, true)
  context.fillText(head, margin, margin + 16 * ratio, width - 2 * margin)
  context.fillStyle = palette.quiet
  context.font = fontOf(12 * ratio, false)
  context.fillText(below, margin, margin + (size.title + 12) * ratio, width - 2 * margin)

  const swatch = size.swatch * ratio
  context.textBaseline = 'middle'
  for (const entry of legend) {
    const { x, y } = entry
    context.fillStyle = entry.colour ?? palette.blank
    context.beginPath()
    context.roundRect(x, y, swatch, swatch, 3 * ratio)
    context.fill()
    context.strokeStyle = palette.line
    context.lineWidth = ratio
    context.stroke()
    context.strokeStyle = context.fillStyle = palette.ink
    context.beginPath()
    if (entry.colour === null) {
      const glyph = new Path2D(glyphOf(entry.marks, x, y, swatch))
      context.stroke(glyph)
      if (entry.marks === mark.loss) context.fill(glyph)
    }
    context.fillText(entry.text, x + swatch + 6 * ratio, y + swatch / 2)
  }
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('The picture is too large for this browser.'))), 'image/png'),
  )
}

/** What a mark looks like in the legend, as strokes. */
function glyphOf(marks: number, x: number, y: number, swatch: number): string {
  const at = (across: number, down: number) => `${x + across * swatch} ${y + down * swatch}`
  if (marks === mark.loss) return dot(x + 0.7 * swatch, y + 0.3 * swatch, 0.09 * swatch)
  if (marks === mark.stale)
    return `M${at(0.1, 0.5)}L${at(0.5, 0.1)}M${at(0.1, 0.9)}L${at(0.9, 0.1)}M${at(0.5, 0.9)}L${at(0.9, 0.5)}`
  if (marks === mark.suspect)
    return `M${at(0.33, 0.34)}A${0.18 * swatch} ${0.18 * swatch} 0 1 1 ${at(0.5, 0.54)}V${y + 0.66 * swatch}M${at(0.5, 0.76)}V${y + 0.84 * swatch}`
  return `M${at(0.34, 0.66)}L${at(0.66, 0.34)}`
}

function dot(x: number, y: number, radius: number): string {
  const [r, d] = [radius.toFixed(1), (2 * radius).toFixed(1)]
  return `M${(x - radius).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${d} 0a${r} ${r} 0 1 0 -${d} 0z`
}

/** A picture of shapes. Names are text in it, whatever they contain. */
export function svgOf(subject: Subject, title: string, measure: Measure): string {
  const { layout, headings, isUpright, width, height, top, legend } = planOf(subject, title, measure, 1)
  const { grid, scale, data, theme, isOld, colouring } = subject
  const palette = palettes[theme]
  const paint = paintOf(scale, palette, isOld)
  const { steps, marks, columns, rows } = rasterOf(grid, scale)
  const gap = Math.min(layout.cellWidth, layout.cellHeight) >= 5 ? 1 : 0
  const isLarge = layout.cellHeight >= 7
  const out: string[] = []
  const text = (x: number, y: number, words: string, more: string) =>
    out.push(`<text x="${x}" y="${y}" ${more}>${escape(words)}</text>`)

  out.push(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escape(fontFamily)}" font-size="12">`,
    `<title>${escape(title)}</title>`,
    `<defs><pattern id="stale" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5" stroke="${palette.ground}" stroke-width="2"/></pattern></defs>`,
    `<rect width="${width}" height="${height}" fill="${palette.ground}"/>`,
  )
  const [head, below] = headOf(subject, title)
  text(size.margin, size.margin + 16, head, `font-size="16" font-weight="600" fill="${palette.ink}"`)
  text(size.margin, size.margin + size.title + 12, below, `fill="${palette.quiet}"`)

  out.push(`<g transform="translate(${size.margin} ${top})">`)
  // Neighbours of one colour are one shape, and all of a colour one path: a million cells stay a file that opens.
  const runs = (take: (cell: number) => number): string[] => {
    const paths: string[][] = []
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const kind = take(row * columns + column)
        if (kind < 0) continue
        let end = column + 1
        if (gap === 0) while (end < columns && take(row * columns + end) === kind) end++
        const wide = layout.x(end) - layout.x(column) - gap
        const tall = layout.y(row + 1) - layout.y(row) - gap
        ;(paths[kind] ??= []).push(`M${layout.x(column)} ${layout.y(row)}h${wide}v${tall}h${-wide}z`)
        column = end - 1
      }
    }
    return Array.from(paths, (path) => path?.join('') ?? '')
  }
  const path = (d: string, more: string) => d && out.push(`<path d="${d}" ${more}/>`)
  const isSelf = (cell: number) => (marks[cell]! & mark.self) !== 0
  runs((cell) => (isSelf(cell) ? -1 : steps[cell]!)).forEach((d, step) => path(d, `fill="${paint.fills[step]}"`))
  runs((cell) => (!isSelf(cell) && marks[cell]! & mark.stale ? 0 : -1)).forEach((d) => path(d, 'fill="url(#stale)"'))
  if (isLarge) {
    const dots: string[][] = []
    const blanks: string[] = []
    const point = Math.min(4, Math.max(1.2, layout.cellHeight * 0.075))
    const beside = besideOf(data, colouring)
    const isLegible = layout.cellWidth >= 36
    const isDouble = layout.cellWidth >= 60 && layout.cellHeight >= 38
    for (let cell = 0; cell < steps.length; cell++) {
      if (isSelf(cell)) continue
      const { x, y, width: wide, height: tall } = layout.box(Math.floor(cell / columns), cell % columns)
      const step = steps[cell]!
      const marked = marks[cell]!
      if ((marked & mark.measured) === 0) {
        const stroke = tall * 0.18
        blanks.push(
          `M${(x + wide / 2 - stroke).toFixed(1)} ${(y + tall / 2 + stroke).toFixed(1)}l${(2 * stroke).toFixed(1)} ${(-2 * stroke).toFixed(1)}`,
        )
        continue
      }
      if (marked & mark.loss) (dots[step] ??= []).push(dot(x + wide - gap - 2.2 * point, y + 2.2 * point, point))
      const isBad = step > 1 || (marked & mark.loss) !== 0
      const plate =
        marked & mark.stale ? ` paint-order="stroke" stroke="${paint.fills[step]}" stroke-width="5" stroke-linejoin="round"` : ''
      const fill = `fill="${paint.inks[step]}"${plate}`
      if (marked & mark.suspect)
        text(x + 2, y + Math.min(11, tall * 0.7), '?', `${fill} font-weight="600" font-size="${Math.min(11, tall * 0.7)}"`)
      if (!isLegible || step === 0) continue
      const middle = x + wide / 2
      const main = isDouble ? 15 : 11
      text(
        middle,
        y + tall / 2 + (isDouble ? 0 : 4),
        scale.text(grid.values[cell]!),
        `${fill} text-anchor="middle" font-size="${main}"${isBad ? ' font-weight="600"' : ''}`,
      )
      if (isDouble) text(middle, y + tall / 2 + 15, beside(grid.pairs[cell]!), `${fill} text-anchor="middle" font-size="11"`)
    }
    dots.forEach((d, step) => path(d.join(''), `fill="${paint.inks[step]}"`))
    path(blanks.join(''), `stroke="${palette.blankStroke}" fill="none"`)
  }
  for (const name of headings.placed(layout, isUpright)) {
    const turn = name.isUpright ? ' rotate(-90)' : ''
    const fill = `fill="${name.isQuiet ? palette.quiet : palette.ink}"`
    out.push(`<g transform="translate(${name.x.toFixed(1)} ${name.y.toFixed(1)})${turn}" ${fill}>`)
    if (name.line.kind === 'fold') path(arrowOf(name, 1), '')
    text(name.indent, 4, name.text, `font-size="${name.font.toFixed(1)}"${name.isBold ? ' font-weight="600"' : ''}`)
    out.push('</g>')
  }
  out.push('</g>')
  for (const entry of legend) {
    const { x, y } = entry
    out.push(
      `<rect x="${x}" y="${y}" width="${size.swatch}" height="${size.swatch}" rx="3" fill="${entry.colour ?? palette.blank}" stroke="${palette.line}"/>`,
    )
    if (entry.colour === null)
      path(
        glyphOf(entry.marks, x, y, size.swatch),
        `stroke="${palette.ink}" fill="${entry.marks === mark.loss ? palette.ink : 'none'}"`,
      )
    text(x + size.swatch + 6, y + size.swatch / 2 + 4, entry.text, `fill="${palette.ink}"`)
  }
  out.push('</svg>')
  return out.join('\n')
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text for an SVG file: what XML can't hold is left out. */
function escape(text: string): string {
  let result = ''
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0
    if (code < 32 || (code >= 0xd800 && code < 0xe000) || code === 0xfffe || code === 0xffff)
      result += code === 9 || code === 10 || code === 13 ? ' ' : ''
    else result += entities[letter] ?? letter
  }
  return result
}
