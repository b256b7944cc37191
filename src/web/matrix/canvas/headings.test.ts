import { describe, expect, it } from 'vitest'
import type { Line } from '../model'
import { Headings, niceStep, shown } from './headings'
import { Layout, wholeView } from './layout'

function line(label: string, more: Partial<Line> = {}): Line {
  return { key: label, label, depth: 0, kind: 'probe', isOpen: false, count: 1, members: Int32Array.of(0), ...more }
}

/** Each letter is 7 pixels wide. */
const measure = (text: string) => [...text].length * 7

function headingsOf(rows: Line[], columns = rows): { headings: Headings; layout: Layout } {
  const headings = new Headings(measure, rows, columns, 1)
  const frame = { width: 800, height: 600, ratio: 1 }
  return {
    headings,
    layout: new Layout(frame, { rows: rows.length, columns: columns.length }, headings.room(frame, true), wholeView),
  }
}

describe('headings', () => {
  it('name all lines where there is room', () => {
    const rows = Array.from({ length: 30 }, (_, i) => line(`p${i}`))
    const { headings, layout } = headingsOf(rows)
    expect([...headings.placed(layout, true)].filter((name) => !name.isUpright).map((name) => name.text)).toEqual(
      rows.map((row) => row.label),
    )
  })

  it('cut what is too long, between letters', () => {
    const { headings, layout } = headingsOf([line('x'.repeat(5000)), line('😀'.repeat(300))])
    for (const name of headings.placed(layout, true)) {
      expect(name.text.endsWith('…')).toBe(true)
      expect(name.text).toMatch(/^(x+|(😀)+)…$/u)
      expect(measure(name.text)).toBeLessThanOrEqual(240)
    }
  })

  it('of thin lines name some, folds before others, none over another', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => line(`p${i}`, i === 503 || i === 777 ? { kind: 'fold' } : {}))
    const cell = 0.6
    const named = shown(lines, [0, 999], cell)
    expect(named).toEqual(expect.arrayContaining([0, 503, 777]))
    expect(named.length).toBeGreaterThan(10)
    const sorted = [...named].sort((a, b) => a - b)
    for (let i = 1; i < sorted.length; i++) expect((sorted[i]! - sorted[i - 1]!) * cell).toBeGreaterThanOrEqual(14)
  })

  it('keep the same names while they are moved', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => line(`p${i}`))
    const [one, other] = [shown(lines, [100, 400], 2), shown(lines, [101, 401], 2)]
    expect(other.filter((i) => i <= 400)).toEqual(one.filter((i) => i >= 101))
  })

  it('count in round steps', () => {
    expect([0.5, 1.5, 3, 7, 15, 30, 80, 120].map(niceStep)).toEqual([1, 2, 5, 10, 20, 50, 100, 200])
  })
})
