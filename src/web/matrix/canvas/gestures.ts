// Turns what pointers and the wheel do into moving, zooming and choosing. Places are CSS pixels from the element's corner.

export interface Gestures {
  move(dx: number, dy: number): void
  /** The moving has come to its end with this speed, in pixels a millisecond. */
  release(vx: number, vy: number): void
  zoom(factor: number, x: number, y: number): void
  /** A pointer that can hover; null when it has left. */
  hover(place: { x: number; y: number } | null): void
  /** A press without moving. By touch, which can't hover, a first one only points. */
  choose(x: number, y: number, isTouch: boolean): void
  press(): void
}

const slack = 4

/** Listens until the function it returns is called. */
export function listen(element: HTMLElement, to: Gestures): () => void {
  const held = new Map<number, { x: number; y: number }>()
  let start: { x: number; y: number } | null = null
  let isDrag = false
  let speed = { x: 0, y: 0, at: 0 }

  const place = (event: PointerEvent | WheelEvent) => {
    const box = element.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  const down = (event: PointerEvent) => {
    if (event.pointerType === 'mouse' && event.button !== 0) return
    held.set(event.pointerId, place(event))
    start = held.size === 1 ? place(event) : null
    isDrag = held.size > 1
    speed = { x: 0, y: 0, at: event.timeStamp }
    to.press()
  }

  const moved = (event: PointerEvent) => {
    const now = place(event)
    const before = held.get(event.pointerId)
    if (!before) {
      if (event.pointerType !== 'touch') to.hover(now)
      return
    }
    if (held.size === 2) {
      const other = [...held].find(([id]) => id !== event.pointerId)?.[1] ?? now
      const distance = (place: { x: number; y: number }) => Math.max(8, Math.hypot(place.x - other.x, place.y - other.y))
      to.zoom(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2)
      to.move((now.x - before.x) / 2, (now.y - before.y) / 2)
      held.set(event.pointerId, now)
      return
    }
    if (!isDrag) {
      if (!start || Math.hypot(now.x - start.x, now.y - start.y) < slack) return
      isDrag = true
      element.setPointerCapture(event.pointerId)
      to.hover(null)
    }
    const [dx, dy] = [now.x - before.x, now.y - before.y]
    const span = Math.max(1, event.timeStamp - speed.at)
    const share = Math.min(1, span / 40)
    speed = {
      x: speed.x * (1 - share) + (dx / span) * share,
      y: speed.y * (1 - share) + (dy / span) * share,
      at: event.timeStamp,
    }
    held.set(event.pointerId, now)
    to.move(dx, dy)
  }

  const up = (event: PointerEvent) => {
    if (!held.delete(event.pointerId)) return
    if (event.type === 'pointerup') {
      if (!isDrag && start) to.choose(start.x, start.y, event.pointerType === 'touch')
      else if (held.size === 0 && event.timeStamp - speed.at < 60) to.release(speed.x, speed.y)
    }
    // The finger that stays goes on from where it is.
    start = null
    isDrag = held.size > 0
  }

  const leave = () => {
    if (held.size === 0) to.hover(null)
  }

  // A wheel zooms, as on maps; with shift, or sideways, it moves.
  const wheel = (event: WheelEvent) => {
    event.preventDefault()
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit]
    const { x, y } = place(event)
    if (!event.ctrlKey && (event.shiftKey || Math.abs(dx) > Math.abs(dy)))
      to.move(-(event.shiftKey && dx === 0 ? dy : dx), event.shiftKey ? 0 : -dy)
    else to.zoom(Math.exp(-Math.max(-150, Math.min(150, dy)) * (event.ctrlKey ? 0.01 : 0.0022)), x, y)
  }

  element.addEventListener('pointerdown', down)
  element.addEventListener('pointermove', moved)
  element.addEventListener('pointerup', up)
  element.addEventListener('pointercancel', up)
  element.addEventListener('pointerleave', leave)
  element.addEventListener('wheel', wheel, { passive: false })
  return () => {
    element.removeEventListener('pointerdown', down)
    element.removeEventListener('pointermove', moved)
    element.removeEventListener('pointerup', up)
    element.removeEventListener('pointercancel', up)
    element.removeEventListener('pointerleave', leave)
    element.removeEventListener('wheel', wheel)
  }
}
