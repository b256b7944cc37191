import type { Theme } from '../../look/theme.svelte'
import type { Scale } from '../model'

/** What is drawn besides the cells' own colours. All are #rrggbb. */
export interface Palette {
  ground: string
  surface: string
  line: string
  ink: string
  quiet: string
  focus: string
  /** Ground of a cell that was never measured, and the stroke through it. */
  blank: string
  blankStroke: string
}

export const palettes: Record<Theme, Palette> = {
  light: {
    ground: '#f6f8fa',
    surface: '#ffffff',
    line: '#d5dce3',
    ink: '#16202a',
    quiet: '#51606e',
    focus: '#0b6a8a',
    blank: '#eef1f4',
    blankStroke: '#b9c3cd',
  },
  dark: {
    ground: '#0d141b',
    surface: '#141d26',
    line: '#2b3947',
    ink: '#e6edf3',
    quiet: '#9db0c1',
    focus: '#7fd0ec',
    blank: '#111a22',
    blankStroke: '#3a4a59',
  },
}

/** Colours of a scale as they are painted: the first for what has no value, then one a step. */
export interface Paint {
  fills: string[]
  inks: string[]
}

/** Old numbers are drawn faint, so that nobody takes them for new ones. */
export function paintOf(scale: Scale, palette: Palette, isOld: boolean): Paint {
  const fills = isOld ? scale.colours.map((colour) => mix(grey(colour), palette.ground, 0.45)) : scale.colours
  const inks = isOld ? fills.map((fill) => readable(fill, palette)) : scale.inks
  return { fills: [palette.blank, ...fills], inks: [palette.quiet, ...inks] }
}

export type Rgb = [number, number, number]

export function rgb(colour: string): Rgb {
  const value = parseInt(colour.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

function hex(parts: Rgb): string {
  return '#' + parts.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')
}

/** `share` of the second colour in the first. */
export function mix(first: string, second: string, share: number): string {
  const [a, b] = [rgb(first), rgb(second)]
  return hex([0, 1, 2].map((i) => a[i]! * (1 - share) + b[i]! * share) as Rgb)
}

function grey(colour: string): string {
  const light = luma(colour) * 255
  return mix(colour, hex([light, light, light]), 0.6)
}

function luma(colour: string): number {
  const [r, g, b] = rgb(colour)
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255
}

function readable(fill: string, palette: Palette): string {
  const distance = (ink: string) => Math.abs(luma(fill) - luma(ink))
  return distance(palette.ink) >= distance(palette.ground) ? palette.ink : palette.ground
}
