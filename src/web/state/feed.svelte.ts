import type { MatrixData } from '../matrix/model'

/** What the page shows of a group, and how far it is to be believed. */
export type FeedStatus =
  /** Nothing yet. */
  | 'loading'
  /** New intervals come in. */
  | 'live'
  /** A past moment, as asked for. */
  | 'past'
  /** The server does not answer; data is from before, and says so. */
  | 'lost'
  /** The server answers that it can't; `problem` says why. */
  | 'refused'

/** The numbers of the group, class and moment of `here`: fetched, then kept up to date. */
class Feed {
  status = $state<FeedStatus>('loading')
  /** Why it is lost or refused, in the server's words. */
  problem = $state<string | null>(null)
  data = $state.raw<MatrixData | null>(null)
  /** Groups that there are, by name. */
  groups = $state.raw<string[]>([])
  /** When data last changed, by this browser's clock; 0 before. */
  changedAt = $state(0)
}

export const feed = new Feed()
