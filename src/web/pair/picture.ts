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
  drawGrounds(context, root)
  for (const chart of root.querySelectorAll('canvas')) {
    const { left, top, width, height } = chart.getBoundingClientRect()
    if (width > 0 && height > 0) context.drawImage(chart, left, top, width, height)
  }
  drawTexts(context, root)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'))
}

function drawGrounds(context: CanvasRenderingContext2D, root: HTMLElement): void {
  for (const element of root.querySelectorAll('section, li, i')) {
    const { backgroundColor, borderTopColor, borderTopWidth } = getComputedStyle(element)
    const { left, top, width, height } = element.getBoundingClientRect()
    context.fillStyle = backgroundColor
    context.fillRect(left, top, width, height)
    if (borderTopWidth === '0px') continue
    context.strokeStyle = borderTopColor
    if (element.matches('section')) context.strokeRect(left, top, width, height)
  }
}

/** Word by word, each where the document has it. */
function drawTexts(context: CanvasRenderingContext2D, root: HTMLElement): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const range = document.createRange()
  context.textBaseline = 'middle'
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement
    if (!parent || parent.closest('.no-print, .unseen')) continue
    const style = getComputedStyle(parent)
    const right = parent.closest('section, p')?.getBoundingClientRect().right ?? Infinity
    context.fillStyle = style.color
    context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
    for (const word of (node.textContent ?? '').matchAll(/\S+/g)) {
      range.setStart(node, word.index)
      range.setEnd(node, word.index + word[0].length)
      const place = range.getClientRects()[0]
      if (place && place.width > 0 && place.left < right)
        context.fillText(word[0], place.left, place.top + place.height / 2, Math.min(place.width, right - place.left))
    }
  }
}
