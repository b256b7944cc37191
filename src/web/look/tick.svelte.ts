import { createSubscriber } from 'svelte/reactivity'

const everyMs = 1000

let now = performance.now()

const subscribe = createSubscriber((update) => {
  now = performance.now()
  const timer = setInterval(() => {
    now = performance.now()
    update()
  }, everyMs)
  return () => clearInterval(timer)
})

/** performance.now() as of the last second; whatever shows it is shown anew each second. */
export function tick(): number {
  subscribe()
  return now
}
