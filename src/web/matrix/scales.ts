// What colours mean. Steps with fixed thresholds, so that a colour says the same on every screen and on every day.
//
// Each palette goes one way in lightness (two ways from its middle, for differences), so that it can be read without telling
// hues apart, and on paper: away from the ground, into light on dark and into dark on light, the worse it gets.

import { duration, loss, notMeasured } from '../look/format'
import type { Theme } from '../look/theme.svelte'
import type { Colouring } from '../state/place'
import type { Scale } from './model'

type Palette = Record<Theme, readonly string[]>

const lossPalette: Palette = {
  light: ['#cdf2e0', '#f2e38b', '#f5be3f', '#f08b05', '#de3f25', '#a21924', '#571325'],
  dark: ['#02322d', '#6b3916', '#9d4014', '#d14221', '#f46e1a', '#fbb029', '#f9f2a3'],
}

const durationPalette: Palette = {
  light: ['#d1f5ea', '#99e5df', '#69cbdc', '#3bacda', '#3688cc', '#3c61b5', '#3f3998', '#351162'],
  dark: ['#2e274e', '#393a76', '#315795', '#177ba8', '#109eab', '#36c29b', '#99de6f', '#f5f372'],
}

const differencePalette: Palette = {
  light: ['#1e4eac', '#4d97de', '#9ecef1', '#e1e9ef', '#f4ca84', '#ed7429', '#a21b18'],
  dark: ['#7ac8f5', '#3988cd', '#30558c', '#2c3136', '#89401c', '#dc631e', '#fbc456'],
}

const us = 1e3
const ms = 1e6

const lossBounds = [0, 0.001, 0.01, 0.05, 0.2, 0.5]
const rttBounds = [200 * us, 1 * ms, 5 * ms, 20 * ms, 50 * ms, 100 * ms, 200 * ms]
const jitterBounds = [20 * us, 100 * us, 500 * us, 1 * ms, 5 * ms, 20 * ms, 50 * ms]
const differenceBounds = [-10 * ms, -1 * ms, -0.1 * ms, 0.1 * ms, 1 * ms, 10 * ms]

/** What each colouring is called. */
export const colouringTitles: Record<Colouring, string> = {
  loss: 'Loss',
  loss_forward: 'Loss forward',
  loss_reverse: 'Loss reverse',
  rtt_p50: 'RTT p50',
  rtt_p99: 'RTT p99',
  jitter: 'Jitter',
  baseline: 'RTT p50 against last 24 h',
}

/** The scale of a colouring. The same object for the same arguments. */
export function scaleOf(colouring: Colouring, theme: Theme): Scale {
  const key = `${colouring} ${theme}`
  let scale = scales.get(key)
  if (!scale) scales.set(key, (scale = build(colouring, theme)))
  return scale
}

const scales = new Map<string, Scale>()

function build(colouring: Colouring, theme: Theme): Scale {
  const title = colouringTitles[colouring]
  switch (colouring) {
    case 'loss':
    case 'loss_forward':
    case 'loss_reverse':
      return scaled(title, lossBounds, lossPalette[theme], lossText, false)
    case 'rtt_p50':
    case 'rtt_p99':
      return scaled(title, rttBounds, durationPalette[theme], durationText, false)
    case 'jitter':
      return scaled(title, jitterBounds, durationPalette[theme], durationText, false)
    case 'baseline':
      return scaled(title, differenceBounds, differencePalette[theme], differenceText, true)
  }
}

function scaled(
  title: string,
  bounds: number[],
  colours: readonly string[],
  text: (value: number) => string,
  isDifference: boolean,
): Scale {
  const labels = [...bounds.map((bound) => (bound === 0 ? text(0) : `≤ ${text(bound)}`)), `> ${text(bounds.at(-1)!)}`]
  if (isDifference) labels[bounds.length / 2] = `±${durationText(bounds[bounds.length / 2]!)}`
  return { title, bounds: bounds.map(asLoaded), colours: [...colours], inks: colours.map(inkOn), labels, text }
}

/** Values come as 32 bit floats: 0.05 is a little more there, and is to stay within a bound of 0.05. */
function asLoaded(bound: number): number {
  return Math.max(bound, Math.fround(bound))
}

function lossText(ratio: number): string {
  return short(loss(ratio))
}

/** `62ms`, `61.6ms`: at most six characters below a thousand seconds. */
function durationText(nanos: number): string {
  return short(duration(nanos))
}

/** Without blanks, and without zeros behind the point that say nothing. */
function short(text: string): string {
  return text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)| /g, '')
}

function differenceText(nanos: number): string {
  if (Number.isNaN(nanos)) return notMeasured
  const size = durationText(Math.abs(nanos))
  return nanos > 0 ? `+${size}` : nanos < 0 ? `−${size}` : '±0'
}

/** Black or white, whichever is read better on a colour. */
function inkOn(colour: string): string {
  // Above this luminance (WCAG 2.2) black has the higher contrast; both have 4.5:1 or better around it.
  return luminance(colour) > 0.179 ? '#000000' : '#ffffff'
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
