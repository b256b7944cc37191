import { expect, it } from 'vitest'
import type { EventKind, MeshEvent } from '../api/types'
import { bunches } from './bunches'

const event = (second: number, kind: EventKind, name: string): MeshEvent => ({
  at: new Date(1795348800000 + second * 1000).toISOString(),
  kind,
  group: 'wan',
  name,
  address: '192.0.2.7',
  port: 8100,
})

const names = (events: MeshEvent[]) => bunches(events).map((bunch) => bunch.events.map((one) => one.name).join(' '))

it('puts together what happens to many at once', () => {
  const many = Array.from({ length: 1000 }, (_, i) => event(1000 - i, 'joined', `p${1000 - i}`))
  const [first, ...others] = bunches(many)
  expect(others).toEqual([])
  expect(first?.events).toHaveLength(1000)
  expect(first?.at).toBe(event(1, 'joined', '').at)
})

it('keeps apart what is of another kind, or comes later', () => {
  expect(
    names([event(500, 'left', 'd'), event(490, 'joined', 'c'), event(300, 'joined', 'b'), event(290, 'joined', 'a')]),
  ).toEqual(['d', 'c', 'b a'])
})

it('tells each change of address by itself', () => {
  expect(names([event(2, 'changed_address', 'b'), event(1, 'changed_address', 'a')])).toEqual(['b', 'a'])
})
