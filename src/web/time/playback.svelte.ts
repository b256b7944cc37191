import { feed } from '../state/feed.svelte'
import { here } from '../state/here.svelte'
import { playedOn, snapped } from './timeline'

const frameMs = 250
const lookMs = 40

/** Plays the past: the next moment is shown when the one before has been for a while, however long it took to load. */
export class Playback {
  isPlaying = $state(false)
  private timer: ReturnType<typeof setTimeout> | undefined
  private shownAt = 0

  /**
   * @param speed Milliseconds of the past in each second.
   * @param skip Where to go on instead of a moment that has nothing to be seen.
   */
  start(from: number, speed: () => number, intervalMs: () => number, skip: (at: number) => number): void {
    this.stop()
    this.isPlaying = true
    this.shownAt = performance.now()
    if (here.place.at === null) here.go({ at: from })
    let position = here.place.at ?? from
    const step = () => {
      if (!this.isPlaying) return
      const at = here.place.at
      if (at === null || feed.status === 'refused' || feed.status === 'lost') return this.stop()
      // Somebody went elsewhere: it goes on from there.
      if (at !== snapped(position, intervalMs())) position = at
      const elapsed = performance.now() - this.shownAt
      if (feed.isBusy || feed.status !== 'past' || elapsed < frameMs) {
        this.timer = setTimeout(step, lookMs)
        return
      }
      const next = playedOn(position, elapsed, speed(), intervalMs(), feed.now(), skip)
      this.shownAt = performance.now()
      if (next === null) {
        this.stop()
        return here.adjust({ at: null })
      }
      position = next
      here.adjust({ at: snapped(next, intervalMs()) })
      this.timer = setTimeout(step, frameMs)
    }
    this.timer = setTimeout(step, frameMs)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.isPlaying = false
  }
}
