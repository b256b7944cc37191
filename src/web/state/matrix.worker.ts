import { Loader } from './loader'
import type { FromLoader, ToLoader } from './messages'

const loader = new Loader((message: FromLoader, transfer) => self.postMessage(message, { transfer }))

self.addEventListener('message', ({ data }: MessageEvent<ToLoader>) => {
  if (data.kind === 'show') loader.show(data.want)
  else if (data.kind === 'rest') loader.rest()
  else loader.retry()
})
