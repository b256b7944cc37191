import { untrack } from 'svelte'
import type { Group } from '../api/types'
import type { MatrixData } from '../matrix/model'
import { here } from './here.svelte'
import { LiveNumbers } from './liveNumbers'
import type { FromLoader, LoaderStatus, ToLoader, Want } from './messages'
import { session } from './session.svelte'

/** What the page shows of a group, and how far it is to be believed; `loading` is nothing yet, or not what was asked for. */
export type FeedStatus = 'loading' | LoaderStatus

/** How long the page may be out of sight before it lets go of its connection: browsers have few of them for each server. */
const hiddenMs = 60_000

/** The numbers of the group, class and moment of `here`: fetched, then kept up to date. */
class Feed {
  status = $state<FeedStatus>('loading')
  /** Why it is lost or refused, in the server's words. */
  problem = $state<string | null>(null)
  data = $state.raw<MatrixData | null>(null)
  /** Groups that there are, by name. */
  groups = $state.raw<string[]>([])
  /** The same, with how they test. */
  groupList = $state.raw<Group[]>([])
  /** When data last changed, by this browser's clock; 0 before. */
  changedAt = $state(0)
  /** Where the newest interval of the group ends, by the server's clock; 0 before one came. Charts load anew when it changes. */
  newestEnd = $state(0)
  /** Why there is no baseline. */
  baselineProblem = $state<string | null>(null)
  /** True while another moment is on its way. */
  isBusy = $state(false)

  /** The server's clock less the browser's, in milliseconds. */
  private clockOffset = 0
  private worker: Worker | null = null
  private want: Want | null = null
  private numbers: LiveNumbers | null = null
  private staleTimer: ReturnType<typeof setTimeout> | undefined
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined
  private isResting = false

  /** The server's time. */
  now(): number {
    return Date.now() + this.clockOffset
  }

  /** Follows `here` for as long as the component lives that calls it while it is made. */
  follow(): void {
    $effect(() => {
      const worker = new Worker(new URL('./matrix.worker.ts', import.meta.url), { type: 'module' })
      worker.addEventListener('message', ({ data }: MessageEvent<FromLoader>) => this.take(data))
      this.worker = worker
      const seen = () => this.see(document.visibilityState === 'visible')
      document.addEventListener('visibilitychange', seen)
      return () => {
        document.removeEventListener('visibilitychange', seen)
        worker.terminate()
        this.worker = null
        this.want = null
      }
    })
    $effect(() => {
      const { page, group, class: trafficClass, at, colouring } = here.place
      const withWays = page === 'overview'
      const { token, isRefused } = session
      untrack(() => {
        if (isRefused) this.tell({ kind: 'rest' })
        else this.show({ base: document.baseURI, token, group, class: trafficClass, at, colouring, withWays })
      })
    })
  }

  /** Tries again now to reach the server. */
  retry(): void {
    this.tell({ kind: 'retry' })
  }

  private tell(message: ToLoader): void {
    if (message.kind === 'rest') this.want = null
    this.worker?.postMessage(message)
  }

  private show(wanted: Omit<Want, 'turn'>): void {
    const before = this.want
    const want: Want = { ...wanted, turn: (before?.turn ?? Date.now()) + 1 }
    if (before && JSON.stringify({ ...before, turn: 0 }) === JSON.stringify({ ...want, turn: 0 })) return
    this.want = want
    this.isResting = false
    const data = this.data
    const isOther = before && (before.token !== want.token || before.class !== want.class || before.group !== want.group)
    // A name for the group that is shown anyway is no other group.
    if (isOther && !(data && before.class === want.class && before.token === want.token && data.group === want.group)) {
      this.forget()
      this.newestEnd = 0
      this.baselineProblem = null
      this.status = 'loading'
      this.problem = null
    } else if (!before || (before.at === null) !== (want.at === null)) {
      this.status = 'loading'
    }
    this.isBusy = before === null || before.at !== want.at
    this.tell({ kind: 'show', want })
  }

  private see(isVisible: boolean): void {
    clearTimeout(this.hiddenTimer)
    if (!isVisible) {
      this.hiddenTimer = setTimeout(() => {
        if (this.want?.at !== null) return
        this.worker?.postMessage({ kind: 'rest' } satisfies ToLoader)
        this.isResting = true
      }, hiddenMs)
    } else if (this.isResting && this.want) {
      this.isResting = false
      this.status = 'loading'
      this.tell({ kind: 'show', want: this.want })
    }
  }

  private take(message: FromLoader): void {
    if (message.turn !== this.want?.turn) return
    switch (message.kind) {
      case 'groups':
        this.groupList = message.groups
        this.groups = message.groups.map((group) => group.name)
        break
      case 'matrix':
        this.clockOffset = message.clockOffset
        this.numbers = new LiveNumbers(message.matrix, this.want.at, this.data)
        if (this.want.at === null) this.newestEnd = Math.max(this.newestEnd, this.numbers.newestEnd)
        this.publish()
        break
      case 'rows':
        if (!this.numbers) break
        this.numbers.fill(message.rows)
        this.publish()
        break
      case 'interval':
        this.newestEnd = Math.max(this.newestEnd, message.end)
        break
      case 'baseline':
        this.baselineProblem = message.problem
        if (message.values && this.numbers?.setBaseline(message.values)) this.publish()
        break
      case 'status':
        this.status = message.status
        this.problem = message.problem
        this.isBusy = false
        if (message.code === 401) session.refuse()
        if (message.status === 'refused') this.forget()
    }
  }

  /** Lets go of the numbers, so that they do not come back when some of them get stale. */
  private forget(): void {
    clearTimeout(this.staleTimer)
    this.numbers = null
    this.data = null
  }

  /** Shows the numbers as they are now, and again when some of them have become stale. */
  private publish(): void {
    const numbers = this.numbers
    if (!numbers) return
    this.data = numbers.at(this.now())
    this.changedAt = Date.now()
    clearTimeout(this.staleTimer)
    const wait = numbers.nextStaleAt - this.now()
    if (Number.isFinite(wait)) this.staleTimer = setTimeout(() => this.publish(), Math.min(Math.max(wait, 1000), 3_600_000))
  }
}

export const feed = new Feed()
