// Which rows and columns there are, and in which order.

import { tagOf, type KnownProbes } from '../state/known'
import type { Line, MatrixData } from './model'
import { filterOf } from './filter'

/** What of a place makes rows and columns. */
export interface Arrangement {
  by: string[]
  open: string[]
  sort: string
  filter: string
}

export interface Lines {
  rows: Line[]
  columns: Line[]
}

/** How bad sources and destinations are, by their places; the higher the worse, NaN where nothing is known. */
export interface Badness {
  sources: Float64Array
  destinations: Float64Array
}

/** How the path of a fold has a tag that probes do not have. */
const without = '%00'

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** By name, numbers by their value: p2 before p10. */
export function byName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
}

/** Rows and columns of a matrix; `badness` is wanted when sorting by it. */
export function arrange(
  asked: Arrangement,
  names: Pick<MatrixData, 'sources' | 'destinations'>,
  probes: KnownProbes,
  badness: Badness | null = null,
): Lines {
  const filter = filterOf(asked.filter, probes)
  return {
    rows: lines(asked, names.sources, filter.row, probes, badness?.sources ?? null),
    columns: lines(asked, names.destinations, filter.column, probes, badness?.destinations ?? null),
  }
}

/** True when rows and columns are the same, in the same order. */
export function isSameOrder(a: Lines, b: Lines): boolean {
  return isSameLines(a.rows, b.rows) && isSameLines(a.columns, b.columns)
}

function isSameLines(some: Line[], others: Line[]): boolean {
  return (
    some.length === others.length &&
    some.every((line, i) => {
      const other = others[i]!
      return (
        line.key === other.key &&
        line.label === other.label &&
        line.depth === other.depth &&
        line.isOpen === other.isOpen &&
        line.count === other.count &&
        line.members.every((place, j) => place === other.members[j])
      )
    })
  )
}

/** Folds that a probe is in, the outermost first, as paths. */
export function pathsOf(name: string, by: string[], probes: KnownProbes): string[] {
  const paths: string[] = []
  for (const tag of by) paths.push(join(paths.at(-1), tagOf(probes, name, tag)))
  return paths
}

/** All folds that there are, as paths; null when there are more than `most`. */
export function allPaths(names: readonly string[], by: string[], probes: KnownProbes, most: number): string[] | null {
  const paths = new Set<string>()
  for (const name of names) {
    for (const path of pathsOf(name, by, probes)) paths.add(path)
    if (paths.size > most) return null
  }
  return [...paths]
}

/** The path of the fold that a line is; null for a probe. */
export function pathOf(line: Line): string | null {
  return line.kind === 'fold' ? line.key.slice(1) : null
}

function join(path: string | undefined, value: string): string {
  const own = value === '' ? without : encodeURIComponent(value)
  return path === undefined ? own : `${path}/${own}`
}

function lines(
  asked: Arrangement,
  names: readonly string[],
  isShown: (name: string) => boolean,
  probes: KnownProbes,
  badness: Float64Array | null,
): Line[] {
  const shown: number[] = []
  for (let place = 0; place < names.length; place++) if (isShown(names[place]!)) shown.push(place)
  sort(shown, asked.sort, names, probes, badness)

  const found: Line[] = []
  const open = new Set(asked.open)
  const add = (members: number[], depth: number, path: string | undefined) => {
    const tag = asked.by[depth]
    if (tag === undefined) {
      for (const place of members) {
        const label = names[place]!
        found.push({ key: `=${label}`, label, depth, kind: 'probe', isOpen: false, count: 1, members: Int32Array.of(place) })
      }
      return
    }
    for (const [value, inside] of grouped(members, (place) => tagOf(probes, names[place]!, tag), asked.sort, badness)) {
      const own = join(path, value)
      const isOpen = open.has(own)
      found.push({
        key: `/${own}`,
        label: value === '' ? `no ${tag}` : value,
        depth,
        kind: 'fold',
        isOpen,
        count: inside.length,
        members: Int32Array.from(inside),
      })
      if (isOpen) add(inside, depth + 1, own)
    }
  }
  add(shown, 0, undefined)
  return found
}

function sort(
  places: number[],
  sorting: string,
  names: readonly string[],
  probes: KnownProbes,
  badness: Float64Array | null,
): void {
  // Comparing by name is the slow part: once for each pair of neighbours at most, whatever else is compared.
  places.sort((a, b) => byName(names[a]!, names[b]!))
  if (sorting === 'bad' && badness) places.sort((a, b) => worseFirst(badness[a]!, badness[b]!))
  else if (sorting.startsWith('tag:')) {
    const tag = sorting.slice('tag:'.length)
    const value = (place: number) => tagOf(probes, names[place]!, tag)
    places.sort((a, b) => lastWithout(value(a), value(b)))
  }
}

/** Members by the value of their tag, those without last. Keeps their order. */
function grouped(
  members: number[],
  value: (place: number) => string,
  sorting: string,
  badness: Float64Array | null,
): [string, number[]][] {
  const groups = new Map<string, number[]>()
  for (const place of members) {
    const own = value(place)
    const group = groups.get(own)
    if (group) group.push(place)
    else groups.set(own, [place])
  }
  const sorted = [...groups].sort(([a], [b]) => lastWithout(a, b))
  if (sorting !== 'bad' || !badness) return sorted
  const bad = new Map(sorted.map(([own, places]) => [own, mean(places, badness)]))
  return sorted.sort(([a], [b]) => worseFirst(bad.get(a)!, bad.get(b)!))
}

function mean(places: number[], badness: Float64Array): number {
  let sum = 0
  let count = 0
  for (const place of places) {
    const value = badness[place]!
    if (Number.isNaN(value)) continue
    sum += value
    count++
  }
  return sum / count
}

function worseFirst(a: number, b: number): number {
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : b - a
}

function lastWithout(a: string, b: string): number {
  return a === '' ? (b === '' ? 0 : 1) : b === '' ? -1 : byName(a, b)
}
