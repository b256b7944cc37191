import { describe, expect, it } from 'vitest'
import type { PairMetric } from '../../api/types'
import { mark, type CellGrid, type Line, type MatrixData, type Scale } from '../model'
import { svgOf } from './picture'

const scale: Scale = {
  title: 'Loss',
  bounds: [0, 0.1],
  colours: ['#001100', '#aa5500', '#ff0000'],
  inks: ['#ffffff', '#ffffff', '#000000'],
  labels: ['0%', '≤ 10%', '> 10%'],
  text: (value) => `${Math.round(value * 100)}%`,
}

const measure = (text: string, font: number) => text.length * font * 0.6

function subject(names: string[], loss: (row: number, column: number) => number) {
  const count = names.length
  const lines = names.map((label, i): Line => ({
    key: label,
    label,
    depth: 0,
    kind: 'probe',
    isOpen: false,
    count: 1,
    members: Int32Array.of(i),
  }))
  const values = Float32Array.from({ length: count * count }, (_, i) =>
    i % (count + 1) === 0 ? NaN : loss(Math.floor(i / count), i % count),
  )
  const grid: CellGrid = {
    rows: lines,
    columns: lines,
    values,
    marks: Uint8Array.from(values, (value, i) =>
      i % (count + 1) === 0 ? mark.self : Number.isNaN(value) ? 0 : value > 0 ? mark.measured | mark.loss : mark.measured,
    ),
    pairs: Int32Array.from(values, (_, i) => i),
    version: 1,
  }
  const data: MatrixData = {
    group: 'wan',
    class: 0,
    classes: [0],
    sources: names,
    destinations: names,
    metrics: new Map<PairMetric, Float32Array>([['loss', values]]),
    baseline: null,
    at: Date.UTC(2026, 10, 22, 14, 3, 30),
    isLive: true,
    version: 1,
  }
  return { grid, data, scale, colouring: 'loss' as const, theme: 'dark' as const, isOld: false }
}

function parsed(svg: string): Document {
  return new DOMParser().parseFromString(svg, 'image/svg+xml')
}

function textsOf(svg: string): string[] {
  return [...parsed(svg).querySelectorAll('text')].map((text) => text.textContent ?? '')
}

describe('a picture of shapes', () => {
  it('says what it is, when it was, and what its colours mean', () => {
    const texts = textsOf(
      svgOf(
        subject(['ams1', 'pdx1'], () => 0),
        'Matrix of wan',
        measure,
      ),
    )
    expect(texts).toContain('Matrix of wan')
    expect(texts.join('\n')).toContain('2026-11-22 14:03:30 UTC')
    expect(texts).toEqual(expect.arrayContaining([...scale.labels, 'stale', 'suspect', 'never measured']))
  })

  it('has the numbers of all cells', () => {
    const texts = textsOf(
      svgOf(
        subject(['a', 'b', 'c'], (row, column) => (row + column) / 10),
        'x',
        measure,
      ),
    )
    expect(texts.filter((text) => text.endsWith('%')).sort()).toEqual(
      ['10%', '20%', '10%', '30%', '20%', '30%', ...scale.labels].sort(),
    )
  })

  it('shows names as text, whatever they contain', () => {
    const hostile = ['<script>alert(1)</script>', '"><rect/>', '&amp;]]>', 'a\u0000\u0007b\ud800c', "x' onload='"]
    const svg = svgOf(
      subject(hostile, () => 0.5),
      '<b>&"</b>',
      measure,
    )
    expect(parsed(svg).querySelectorAll('script, b').length).toBe(0)
    expect([...svg].every((letter) => letter >= ' ' || letter === '\n')).toBe(true)
    expect(svg).not.toContain('\ud800')
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['<b>&"</b>', '&amp;]]>', 'abc']))
  })

  it('stays small when there are very many cells', () => {
    const names = Array.from({ length: 500 }, (_, i) => `p${i}`)
    const svg = svgOf(
      subject(names, (row, column) => ((row * 7 + column) % 211 === 0 ? 0.2 : 0)),
      'x',
      measure,
    )
    expect(svg.length).toBeLessThan(200_000)
  })
})
