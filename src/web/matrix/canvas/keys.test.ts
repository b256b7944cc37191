import { describe, expect, it } from 'vitest'
import { moveBy, type Spot } from './keys'

const shape = { rows: 10, columns: 5 }
const page = { rows: 4, columns: 5 }

function walk(keys: string, from: Spot = { row: 0, column: 0 }): Spot {
  return keys.split(' ').reduce((spot, key) => {
    const isFar = key.startsWith('^')
    return moveBy(isFar ? key.slice(1) : key, isFar, spot, shape, page) ?? spot
  }, from)
}

describe('keys', () => {
  it('go from cell to cell and stop at the edges', () => {
    expect(walk('ArrowDown ArrowRight ArrowRight ArrowUp')).toEqual({ row: 0, column: 2 })
    expect(walk(Array(20).fill('ArrowDown').join(' '))).toEqual({ row: 9, column: 0 })
    expect(walk(Array(20).fill('ArrowRight').join(' '))).toEqual({ row: 0, column: 4 })
  })

  it('reach the headers, and not the corner between them', () => {
    expect(walk('ArrowLeft')).toEqual({ row: 0, column: -1 })
    expect(walk('ArrowUp')).toEqual({ row: -1, column: 0 })
    expect(walk('ArrowLeft ArrowUp')).toEqual({ row: 0, column: -1 })
    expect(walk('ArrowLeft ArrowDown ArrowRight')).toEqual({ row: 1, column: 0 })
  })

  it('jump to the ends and by pages', () => {
    expect(walk('End')).toEqual({ row: 0, column: 4 })
    expect(walk('^End')).toEqual({ row: 9, column: 4 })
    expect(walk('^End ^Home')).toEqual({ row: 0, column: 0 })
    expect(walk('PageDown PageDown')).toEqual({ row: 6, column: 0 })
    expect(walk('PageDown PageUp PageUp')).toEqual({ row: 0, column: 0 })
    expect(walk('^ArrowDown')).toEqual({ row: 9, column: 0 })
  })

  it('do nothing when they are others', () => {
    expect(moveBy('x', false, { row: 0, column: 0 }, shape, page)).toBeNull()
  })
})
