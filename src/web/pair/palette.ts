import type { Theme } from '../look/theme.svelte'

/** Colours of the charts. The two ways are also told apart by where they stand: there is up, back is down. */
export interface Palette {
  ink: string
  quiet: string
  line: string
  there: string
  back: string
  unknown: string
  /** From the whole range to the middle of it. */
  smoke: [string, string, string]
  median: string
  suspect: string
}

export const palettes: Record<Theme, Palette> = {
  light: {
    ink: '#16202a',
    quiet: '#51606e',
    line: '#d5dce3',
    there: '#c2410c',
    back: '#6a3fc4',
    unknown: '#5d6b78',
    smoke: ['#cfe0e8', '#9dc3d3', '#639fb7'],
    median: '#06303f',
    suspect: '#8a5a00',
  },
  dark: {
    ink: '#e6edf3',
    quiet: '#9db0c1',
    line: '#2b3947',
    there: '#ff8b4d',
    back: '#b79bff',
    unknown: '#9db0c1',
    smoke: ['#1f3a48', '#2b5a70', '#3f87a5'],
    median: '#d3f1fb',
    suspect: '#f0b94b',
  },
}
