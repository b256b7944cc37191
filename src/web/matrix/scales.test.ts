import { describe, expect, it } from 'vitest'
import { colourings } from '../state/place'
import { stepOf } from './model'
import { scaleOf } from './scales'

const themes = ['light', 'dark'] as const
const grounds = { light: '#ffffff', dark: '#141d26' }
const all = themes.flatMap((theme) => colourings.map((colouring) => ({ theme, colouring, scale: scaleOf(colouring, theme) })))

describe('a scale', () => {
  it.each(all)('of $colouring on $theme has a colour, an ink and a label for each step', ({ scale }) => {
    expect(scale.colours).toHaveLength(scale.bounds.length + 1)
    expect(scale.inks).toHaveLength(scale.colours.length)
    expect(new Set(scale.labels).size).toBe(scale.colours.length)
    expect(scale.bounds).toEqual([...scale.bounds].sort((a, b) => a - b))
  })

  it.each(all)('of $colouring on $theme can be told apart by everybody', ({ theme, scale }) => {
    for (const [sight, matrix] of Object.entries(sights)) {
      const seen = [...scale.colours, grounds[theme]].map((colour) => oklab(simulate(matrix, linear(colour))))
      for (let a = 0; a < seen.length; a++) {
        for (let b = 0; b < a; b++) {
          const least = a === scale.colours.length ? 0.025 : 0.055
          expect(distance(seen[a]!, seen[b]!), `${sight}: steps ${b} and ${a}`).toBeGreaterThan(least)
        }
      }
    }
  })

  it.each(all)('of $colouring on $theme goes one way in lightness, away from the ground', ({ theme, colouring, scale }) => {
    for (const [sight, matrix] of Object.entries(sights)) {
      const lightness = scale.colours.map((colour) => oklab(simulate(matrix, linear(colour)))[0] * (theme === 'dark' ? 1 : -1))
      const middle = colouring === 'baseline' ? scale.colours.length >> 1 : 0
      for (let step = 1; step < lightness.length; step++) {
        const grows = lightness[step]! - lightness[step - 1]!
        expect(step > middle ? grows : -grows, `${sight}: step ${step}`).toBeGreaterThan(0.01)
      }
    }
  })

  it.each(all)('of $colouring on $theme has ink that is read on its colours', ({ scale }) => {
    scale.colours.forEach((colour, step) => expect(contrast(colour, scale.inks[step]!)).toBeGreaterThanOrEqual(4.5))
  })

  it('gives nothing lost a step of its own', () => {
    const scale = scaleOf('loss', 'dark')
    expect(stepOf(scale, 0)).toBe(0)
    expect(stepOf(scale, 1e-7)).toBe(1)
    expect(stepOf(scale, 1)).toBe(scale.colours.length - 1)
    expect(stepOf(scale, NaN)).toBe(-1)
  })

  it('takes a value at a bound as within it, also as a 32 bit float', () => {
    for (const { scale } of all) {
      scale.bounds.forEach((bound, step) => {
        expect(stepOf(scale, bound)).toBe(step)
        expect(stepOf(scale, Math.fround(bound))).toBe(step)
      })
    }
    expect(stepOf(scaleOf('loss', 'light'), Math.fround(0.05))).toBe(3)
    expect(stepOf(scaleOf('loss', 'light'), 0.01)).toBe(2)
  })

  it('says its thresholds', () => {
    expect(scaleOf('loss', 'light').labels).toEqual(['0%', '≤ 0.1%', '≤ 1%', '≤ 5%', '≤ 20%', '≤ 50%', '> 50%'])
    expect(scaleOf('rtt_p50', 'light').labels).toEqual([
      '≤ 200µs',
      '≤ 1ms',
      '≤ 5ms',
      '≤ 20ms',
      '≤ 50ms',
      '≤ 100ms',
      '≤ 200ms',
      '> 200ms',
    ])
    expect(scaleOf('baseline', 'light').labels).toEqual([
      '≤ −10ms',
      '≤ −1ms',
      '≤ −100µs',
      '±100µs',
      '≤ +1ms',
      '≤ +10ms',
      '> +10ms',
    ])
  })

  it('writes values that fit into a cell', () => {
    expect(scaleOf('loss', 'light').text(0.075)).toBe('7.5%')
    expect(scaleOf('rtt_p50', 'light').text(61_603_840)).toBe('61.6ms')
    expect(scaleOf('baseline', 'light').text(-3_100_000)).toBe('−3.1ms')
    expect(scaleOf('baseline', 'light').text(0)).toBe('±0')
    expect(scaleOf('baseline', 'light').text(NaN)).toBe('–')
  })
})

type Triple = [number, number, number]

// Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency (2009), severity 1, linear RGB.
const sights: Record<string, number[]> = {
  common: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
}

function linear(colour: string): Triple {
  return [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as Triple
}

function simulate(m: number[], [r, g, b]: Triple): Triple {
  return [0, 3, 6].map((row) => Math.min(1, Math.max(0, m[row]! * r + m[row + 1]! * g + m[row + 2]! * b))) as Triple
}

// Ottosson: A perceptual color space for image processing (2020). Lightness first.
function oklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function distance(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

function contrast(a: string, b: string): number {
  const [low, high] = [a, b]
    .map((colour) => {
      const [r, g, blue] = linear(colour)
      return 0.2126 * r + 0.7152 * g + 0.0722 * blue + 0.05
    })
    .sort((x, y) => x - y)
  return high! / low!
}
