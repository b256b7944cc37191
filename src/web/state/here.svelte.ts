import { link, parse, type Place } from './place'

/** The place that is shown. One change at a time; the browser's back and forward go through changes of page, pair and moment. */
class Here {
  place = $state.raw<Place>(parse(location.hash))

  constructor() {
    addEventListener('hashchange', () => (this.place = parse(location.hash)))
  }

  /** A link to somewhere else that keeps the rest of where one is. */
  to(change: Partial<Place>): string {
    return link({ ...this.place, ...change })
  }

  /** Goes somewhere: a step for the browser's back button. */
  go(change: Partial<Place>): void {
    const next = this.to(change)
    if (next !== location.hash) history.pushState(null, '', next)
    this.place = parse(next)
  }

  /** Changes what is shown without a step, for what changes often: filters, focus, playing. */
  adjust(change: Partial<Place>): void {
    const next = this.to(change)
    history.replaceState(null, '', next)
    this.place = parse(next)
  }
}

export const here = new Here()
