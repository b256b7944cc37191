// What /api/v2 answers, as docs/http-api.md has it. Names are the server's. null is what was not measured, and never 0.

export const metricNames = [
  'loss',
  'loss_forward',
  'loss_reverse',
  'rtt_min',
  'rtt_p50',
  'rtt_p90',
  'rtt_p99',
  'rtt_max',
  'jitter',
  'sent',
  'age',
  'suspect',
  'stale',
  'lost',
  'lost_forward',
  'lost_reverse',
  'received',
  'delay_variation',
  'forward_delay_variation',
  'reverse_delay_variation',
  'forward_ttl',
  'reverse_ttl',
  'forward_tos',
  'reverse_tos',
  'forward_remarked',
  'reverse_remarked',
  'forward_ttl_changes',
  'intervals',
] as const

/** A metric of a pair. */
export type PairMetric = (typeof metricNames)[number]

export type Value = number | boolean | null

/** /api/v2/matrix: a row for each source, and in it a value for each destination. */
export interface MatrixAnswer {
  group: string
  class: number | null
  class_name: string | null
  classes: number[]
  now: string
  sources: string[]
  destinations: string[]
  destinations_left_out: number
  metrics: Partial<Record<PairMetric, Value[][]>>
  /** Of a past moment or a span alone: the first start and the last end of what was found. */
  oldest?: string | null
  newest?: string | null
}

/** An event of /api/v2/intervals: the report of one source. */
export interface IntervalEvent {
  group: string
  source: string
  start: string
  end: string
  suspect: boolean
  pairs: number
  sent: number
  lost: number
  lossy_pairs: number
  class?: number
  destinations?: string[]
  metrics?: Partial<Record<PairMetric, Value[]>>
}

/** /api/v2/timeline: the group as a whole over time. Steps without anything are left out. */
export interface TimelineAnswer {
  group: string
  class: number | null
  class_name: string | null
  from: string
  to: string
  step_ms: number
  at_ms: number[]
  /** loss is lost of all that was sent; worst_loss that of the pair that lost most; pairs were measured, lossy_pairs lost something. */
  metrics: Record<'loss' | 'worst_loss' | 'lossy_pairs' | 'pairs', (number | null)[]>
  oldest: string | null
  newest: string | null
}

export interface Series {
  source: string
  destination: string
  at_ms: number[]
  /** How long each point is, where that is not the step. */
  span_ms?: number[]
  metrics: Partial<Record<PairMetric, Value[]>>
}

/** /api/v2/series */
export interface SeriesAnswer {
  group: string
  class: number | null
  class_name: string | null
  from: string
  to: string
  step_ms: number
  series: Series[]
  oldest: string | null
  newest: string | null
}

export type FlowMetric = 'sent' | 'lost' | 'loss' | 'loss_forward' | 'loss_reverse' | 'rtt_min' | 'rtt_mean'

export interface Flow {
  source_port: number
  sent: number
  lost: number
  loss: number | null
  at_ms: number[]
  span_ms?: number[]
  metrics: Partial<Record<FlowMetric, (number | null)[]>>
}

/** /api/v2/flows: the worst flow first. */
export interface FlowsAnswer {
  group: string
  source: string
  destination: string
  class: number | null
  class_name: string | null
  from: string
  to: string
  step_ms: number
  flows: Flow[]
}

export type EventKind = 'joined' | 'left' | 'removed' | 'replaced' | 'changed_address' | 'changed'

/** What happened to a probe. */
export interface MeshEvent {
  sequence?: number
  at: string
  kind: EventKind
  group: string
  name: string
  address: string
  port: number
  previous_address?: string
}

/** /api/v2/events with from or to: newest first. */
export interface PastEventsAnswer {
  from: string
  to: string
  events: MeshEvent[]
  is_cut: boolean
}

/** A probe's last report on itself. */
export interface ProbeHealth {
  start: string
  end: string
  /** Why its collector did not trust the interval; empty when it did. */
  suspect: string[]
  pairs: number
  send_lateness_p99_ns: number | null
  skipped_sends: number | null
  send_errors: number | null
  receive_drops: number | null
  unmatched_replies: number | null
  clock_steps: number | null
  gc_pause_ns: number | null
  cpu_pressure_ratio: number | null
}

export interface Probe {
  group: string
  name: string
  full_name: string
  address: string
  port: number
  version: string
  tags: Record<string, string>
  keepalive_s: number
  lease_left_s: number
  registered_at: string
  heard_of_at: string
  echo: 'confirmed' | 'missing' | 'unknown'
  pushes: boolean
  /** Its clock less the server's, from the last echo; null where the server has not measured it. */
  clock_offset_ns: number | null
  /** How far the offset may be wrong: half the round trip of the echo. */
  clock_offset_error_ns: number | null
  health: ProbeHealth | null
}

/** /api/v2/probes and /api/v2/groups/{group}/probes: a page. */
export interface ProbesAnswer {
  probes: Probe[]
  next: string | null
}

/** /api/v2/groups/{group}; a page of them is /api/v2/groups. */
export interface Group {
  name: string
  probes: number
  /** Another one when how its members test has changed, or who they are. */
  config_tag: string
  interval_s: number
  cps: number
  flows: number
  classes: number[]
}

export interface GroupsAnswer {
  groups: Group[]
  next: string | null
}

export interface WorstPair {
  source: string
  destination: string
  class: number
  class_name: string
  loss: number
  loss_forward: number | null
  loss_reverse: number | null
  suspect: boolean
}

export interface GroupOverview {
  name: string
  probes: number
  /** How many of the members' reports have come in time, as far as they push at all. */
  reporting: number
  /** Members that push, or should, and of which nothing has come in time; a few names. */
  silent: string[]
  silent_count: number
  /** Pairs and classes: as the plan has it, with a result that is not stale, and of these. */
  pairs_expected: number
  pairs_measured: number
  pairs_lossy: number
  pairs_suspect: number
  pairs_stale: number
  sent: number
  lost: number
  loss: number | null
  /** End of the newest interval. */
  newest: string | null
  /** The pairs that lose most now, worst first; only those that lose and are not stale. */
  worst: WorstPair[]
}

/** /api/v2/overview */
export interface OverviewAnswer {
  now: string
  /** Of more than 1,000 groups those are told that lose most. */
  groups_left_out: number
  groups: GroupOverview[]
}

/** /api/v2/history */
export interface HistoryAnswer {
  now: string
  fault: string | null
  levels: { name: string; step_s: number; kept_s: number | null; oldest: string | null; newest: string | null }[]
  groups: {
    name: string
    sources: number
    destinations: number
    classes: number[]
    source_tags: string[]
    destination_tags: string[]
  }[]
}
