import { untrack } from 'svelte'
import { look } from '../look/theme.svelte'
import { className } from '../look/classes'
import { feed } from '../state/feed.svelte'
import { here } from '../state/here.svelte'
import type { KnownProbes } from '../state/known'
import { narrowPairs } from '../state/numbers'
import { tags } from '../state/tags.svelte'
import { badnessOf, Folding, valuesOf } from './fold'
import { arrange, isSameOrder, pathOf, type Arrangement, type Badness, type Lines } from './order'
import type { CellGrid, Line, MatrixData } from './model'
import { scaleOf } from './scales'

/** How long an order by badness stays: the numbers of wide matrices change all the time, and sorting them takes a while. */
const orderMs = { narrow: 1000, wide: 10_000 }

/** What the matrix page shows: the numbers of the feed, arranged as the place asks for. Made while its component is made. */
export class Shown {
  /** True while somebody points at cells or goes through them: the worst do not come first then, but stay where they are. */
  isHeld = $state(false)

  readonly scale = $derived(scaleOf(here.place.colouring, look.theme))
  readonly title = $derived.by(() => {
    const { data } = feed
    return data ? `${data.group}, class ${className(data.class)}` : ''
  })

  // A place is another object after each step; what rows and columns depend on changes rarely, and is compared as text.
  private readonly askedAsText = $derived.by(() => {
    const { by, open, sort, filter } = here.place
    return JSON.stringify({ by, open, sort, filter } satisfies Arrangement)
  })
  readonly asked = $derived(JSON.parse(this.askedAsText) as Arrangement)

  private readonly sources = $derived(feed.data?.sources ?? [])
  private readonly destinations = $derived(feed.data?.destinations ?? [])
  private badness = $state.raw<Badness | null>(null)

  readonly lines = $derived.by(() => this.arranged())
  readonly grid = $derived.by((): CellGrid | null => {
    const { data } = feed
    return data ? this.folding.fold(data, here.place.colouring, this.lines) : null
  })

  private readonly folding = new Folding()
  private lastLines: Lines | null = null
  private orderedAt = -Infinity
  private orderedFor = ''
  private orderedWith: KnownProbes | null = null

  constructor() {
    tags.follow()
    $effect(() => {
      const { data } = feed
      if (data && this.asked.sort === 'bad') this.weigh(data, here.place.colouring, this.asked.filter)
    })
  }

  /** How wide the numbers are. */
  get isWide(): boolean {
    return this.sources.length * this.destinations.length > narrowPairs
  }

  /** Opens a fold, or closes it with all that is in it. */
  toggle(line: Line): void {
    const path = pathOf(line)
    if (path === null) return
    const others = here.place.open.filter((open) => open !== path && !(line.isOpen && open.startsWith(`${path}/`)))
    here.adjust({ open: line.isOpen ? others : [...others, path] })
  }

  private arranged(): Lines {
    const names = { sources: this.sources, destinations: this.destinations }
    const { badness } = this
    // There may be other names by now, and no weights of theirs yet.
    const fits = badness?.sources.length === names.sources.length && badness.destinations.length === names.destinations.length
    const lines = arrange(this.asked, names, tags.probes, fits ? badness : null)
    if (this.lastLines && isSameOrder(lines, this.lastLines)) return this.lastLines
    this.lastLines = lines
    return lines
  }

  private weigh(data: MatrixData, colouring: typeof here.place.colouring, filter: string): void {
    const { group, sources, destinations } = data
    const moment = data.isLive ? null : data.at
    const reason = JSON.stringify([group, data.class, moment, colouring, filter, sources.length, destinations.length])
    const now = performance.now()
    const isDue = now - this.orderedAt >= (this.isWide ? orderMs.wide : orderMs.narrow) && !this.isHeld
    // Whom a filter by tags leaves is known once there are tags.
    const { probes } = tags
    if (reason === this.orderedFor && probes === this.orderedWith && !isDue) return
    this.orderedFor = reason
    this.orderedWith = probes
    this.orderedAt = now
    untrack(() => {
      const shown = arrange({ by: [], open: [], sort: 'name', filter }, data, probes)
      this.badness = badnessOf(data, valuesOf(data, colouring), shown)
    })
  }
}
