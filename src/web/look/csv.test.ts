import { expect, it } from 'vitest'
import { fieldOf } from './csv'

it.each([
  ['=1+1', "'=1+1"],
  ['-x', "'-x"],
  ['a"b', '"a""b"'],
  ['a\nb', 'a\\u{a}b'],
  ['\u202Eevil', '\\u{202e}evil'],
  ['a\\b', 'a\\\\b'],
  ['ü 🦙', '"ü 🦙"'],
])('writes the name %j so that no program takes it for something else', (name, field) => {
  expect(fieldOf(name)).toBe(field)
})
