import { expect, it } from 'vitest'
import { className } from './classes'

it.each([
  [0, 'CS0'],
  [4, 'LE'],
  [10 << 2, 'AF11'],
  [38 << 2, 'AF43'],
  [184, 'EF'],
  [176, 'VA'],
  [185, '0xB9'],
  [12, '0x0C'],
  [null, 'all'],
])('class %s is called %s, as on the server', (octet, name) => {
  expect(className(octet)).toBe(name)
})
