import { untrack } from 'svelte'
import { feed } from './feed.svelte'
import { groupsIn, isSame, knownProbes, tagNames, type KnownProbes } from './known'

const refreshMs = 60_000
const refreshManyMs = 300_000
const many = 2000

/** The tags of the probes of a group, and of those of other groups that it tests. */
class Tags {
  probes = $state.raw<KnownProbes>(new Map())
  /** Names of tags that probes have, in alphabetical order. */
  names = $derived(tagNames(this.probes))
  /** Whose tags these are; null before the first answer. */
  group = $state<string | null>(null)

  /** Keeps those of the feed's matrix up to date, for as long as the component lives that calls it while it is made. */
  follow(): void {
    // As text: numbers come all the time, and names stay. Another tag of the configuration tells that members have changed.
    const asked = $derived.by(() => {
      const { data, groupList } = feed
      if (!data) return null
      // A slash may also stand in the name of something that is no probe.
      const others = groupsIn(data.destinations).filter((name) => name !== data.group && feed.groups.includes(name))
      const tag = groupList.find((group) => group.name === data.group)?.config_tag ?? ''
      return JSON.stringify({ group: data.group, others, tag })
    })
    $effect(() => {
      if (asked === null) return
      const { group, others } = JSON.parse(asked) as { group: string; others: string[] }
      return untrack(() => this.followGroup(group, others))
    })
  }

  /** Keeps them up to date until the answer is called. Fails silently: the matrix does without tags. */
  private followGroup(group: string, others: readonly string[]): () => void {
    const control = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    if (group !== this.group) {
      this.probes = new Map()
      this.group = null
    }
    const load = async () => {
      try {
        const found = await knownProbes(group, others, control.signal)
        if (control.signal.aborted) return
        if (!isSame(found, this.probes)) this.probes = found
        this.group = group
      } catch {
        // The feed tells of a server that does not answer; what is known of tags stays.
      }
      if (!control.signal.aborted) timer = setTimeout(() => void load(), this.probes.size > many ? refreshManyMs : refreshMs)
    }
    void load()
    return () => {
      control.abort()
      clearTimeout(timer)
    }
  }
}

export const tags = new Tags()
