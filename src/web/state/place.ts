// Where one is: all of it stands in the address behind #, so that a link shows others the same.

export const pages = ['overview', 'matrix', 'pair', 'probes'] as const
export type Page = (typeof pages)[number]

/** What cells are coloured by. `baseline` is the median round trip against the pair's own of the last 24 hours. */
export const colourings = ['loss', 'loss_forward', 'loss_reverse', 'rtt_p50', 'rtt_p99', 'jitter', 'baseline'] as const
export type Colouring = (typeof colourings)[number]

/** `name`, `bad` for the worst first, or a tag as `tag:site`. */
export type Sorting = string

export interface Place {
  page: Page
  /** null: the only one, or the first. */
  group: string | null
  /** The name of a DSCP, an octet, or `all`; null: the lowest that was measured. */
  class: string | null
  colouring: Colouring
  /** Milliseconds since the Unix epoch; null is now. */
  at: number | null
  /** How many hours the time bar and the charts reach back; null: as far as there is something, and six at the most. */
  hours: number | null
  /** Tags that rows and columns are folded by, the outermost first. */
  by: string[]
  /** Folds that are open: values of the tags in `by`, joined by a slash with each value encoded as a URI component. */
  open: string[]
  sort: Sorting
  /**
   * Probes that are shown: `ams` in name, address or a tag's value; `site=ams1` for a tag; blanks between words that must all fit;
   * `from:` and `to:` before a word for rows or columns alone.
   */
  filter: string
  /** The pair that is looked at, also what has the focus in the matrix. */
  source: string | null
  destination: string | null
}

const defaults: Place = {
  page: 'matrix',
  group: null,
  class: null,
  colouring: 'loss',
  at: null,
  hours: null,
  by: [],
  open: [],
  sort: 'name',
  filter: '',
  source: null,
  destination: null,
}

/** Reads what stands behind #. What it does not understand is as if it was not there. */
export function parse(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const given = new URLSearchParams(query)
  const at = Number(given.get('at') ?? NaN)
  const hours = Number(given.get('hours') ?? NaN)
  const colouring = given.get('colour') as Colouring
  return {
    page: pages.includes(path as Page) ? (path as Page) : defaults.page,
    group: given.get('group') || null,
    class: given.get('class') || null,
    colouring: colourings.includes(colouring) ? colouring : defaults.colouring,
    at: Number.isSafeInteger(at) && at > 0 ? at : null,
    hours: hours > 0 && hours <= 24 * 400 ? hours : defaults.hours,
    by: list(given.get('by')),
    open: list(given.get('open')),
    sort: given.get('sort') || defaults.sort,
    filter: given.get('filter') ?? '',
    source: given.get('source'),
    destination: given.get('destination'),
  }
}

/** Writes a place as a link; defaults are left out. */
export function link(place: Place): string {
  const query = new URLSearchParams()
  const set = (name: string, value: string | number | null, usual: unknown) => {
    if (value !== null && value !== '' && value !== usual) query.set(name, String(value))
  }
  set('group', place.group, null)
  set('class', place.class, null)
  set('colour', place.colouring, defaults.colouring)
  set('at', place.at, null)
  set('hours', place.hours, defaults.hours)
  set('by', place.by.map(encodeURIComponent).join(','), '')
  set('open', place.open.map(encodeURIComponent).join(','), '')
  set('sort', place.sort, defaults.sort)
  set('filter', place.filter, '')
  set('source', place.source, null)
  set('destination', place.destination, null)
  const tail = query.toString()
  return tail ? `#/${place.page}?${tail}` : `#/${place.page}`
}

function list(text: string | null): string[] {
  if (!text) return []
  try {
    return text.split(',').filter(Boolean).map(decodeURIComponent)
  } catch {
    return []
  }
}
