import { expect, it } from 'vitest'
import type { EventKind, MeshEvent } from '../api/types'
import { goneProbes } from './gone'

const event = (minute: number, kind: EventKind, name: string, group = 'wan'): MeshEvent => ({
  at: `2026-11-22T12:${String(minute).padStart(2, '0')}:00Z`,
  kind,
  group,
  name,
  address: '192.0.2.7',
  port: 8100,
})

it('tells of probes that went and have not come back, of each group by itself', () => {
  const newestFirst = [
    event(9, 'joined', 'back'),
    event(8, 'left', 'gone'),
    event(7, 'left', 'back'),
    event(6, 'removed', 'old'),
    event(5, 'left', 'back', 'lab'),
    event(4, 'joined', 'gone'),
  ]
  expect(goneProbes(newestFirst).map(({ group, name, kind }) => [group, name, kind])).toEqual([
    ['wan', 'gone', 'left'],
    ['wan', 'old', 'removed'],
    ['lab', 'back', 'left'],
  ])
})
