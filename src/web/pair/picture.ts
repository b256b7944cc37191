import type { Palette } from './palette'

const margin = 16
const titleHeight = 44

/**
 * A picture of what is seen: texts and charts of some elements where they stand, on one ground. Draws text from the document, so it
 * is shown as text whatever it contains.
 */
export async function pictureOf(
  root: HTMLElement,
  title: string,
  note: string,
  ground: string,
  palette: Palette,
): Promise<Blob | null> {
  const frame = root.getBoundingClientRect()
  const ratio = Math.max(2, devicePixelRatio)
  const canvas = document.createElement('canvas')
  canvas.width = (frame.width + 2 * margin) * ratio
  canvas.height = (frame.height + 2 * margin + titleHeight) * ratio
  const context = canvas.getContext('2d')
  if (!context) return null
  context.scale(ratio, ratio)
  context.fillStyle = ground
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = palette.ink
  context.font = '600 18px system-ui, sans-serif'
  context.fillText(title, margin, margin + 16, frame.width)
  context.fillStyle = palette.quiet
  context.font = '12px system-ui, sans-serif'
  context.fillText(note, margin, margin + 34, frame.width)
  context.translate(margin - frame.left, margin + titleHeight - frame.top)
  for (const chart of root.querySelectorAll('canvas')) {
    const { left, top, width, height } = chart.getBoundingClientRect()
    if (width > 0 && height > 0) context.drawImage(chart, left, top, width, height)
  }
  drawTexts(context, root)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'))
}

function drawTexts(context: CanvasRenderingContext2D, root: HTMLElement): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const range = document.createRange()
  context.textBaseline = 'middle'
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent?.trim()
    const parent = node.parentElement
    if (!text || !parent || parent.closest('.no-print, .unseen, [data-no-picture]')) continue
    range.selectNodeContents(node)
    const lines = [...range.getClientRects()].filter((line) => line.width > 0)
    const first = lines[0]
    if (!first) continue
    const style = getComputedStyle(parent)
    context.fillStyle = style.color
    context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
    context.fillText(text, first.left, first.top + first.height / 2, first.width)
  }
}

/** Hands a file to whoever looks at the page. */
export function save(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name.replace(/[^\p{L}\p{N}.-]+/gu, '_').slice(0, 120)
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
