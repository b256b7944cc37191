import { expect, it } from 'vitest'
import type { Probe } from '../api/types'
import { sortings, sortProbes } from './sort'

const now = Date.parse('2026-11-22T12:00:10Z')

function probe(name: string, change: Partial<Probe> = {}): Probe {
  return {
    group: 'wan',
    name,
    full_name: name,
    address: '192.0.2.7',
    port: 8100,
    version: '0.1.0',
    tags: {},
    keepalive_s: 120,
    lease_left_s: 110,
    registered_at: '2026-11-22T11:00:00Z',
    heard_of_at: '2026-11-22T12:00:00Z',
    echo: 'confirmed',
    pushes: false,
    clock_offset_ns: null,
    clock_offset_error_ns: null,
    health: null,
    ...change,
  }
}

const names = (probes: Probe[]) => probes.map((one) => one.name).join(' ')

it('goes by numbers in names and addresses', () => {
  expect(names(sortProbes([probe('p10'), probe('p9'), probe('a')], 'name', false, now))).toBe('a p9 p10')
  const addresses = [probe('x', { address: '10.0.0.10' }), probe('y', { address: '10.0.0.9' })]
  expect(names(sortProbes(addresses, 'address', false, now))).toBe('y x')
})

it('begins with trouble', () => {
  const probes = [probe('fine'), probe('shut', { echo: 'missing' }), probe('dead', { heard_of_at: '2026-11-22T11:00:00Z' })]
  expect(names(sortProbes(probes, 'condition', false, now))).toBe('dead shut fine')
  expect(names(sortProbes(probes, 'condition', true, now))).toBe('fine shut dead')
})

it('puts what is not known last in either direction', () => {
  const probes = [probe('none'), probe('fast', { clock_offset_ns: 5000 }), probe('slow', { clock_offset_ns: -9000 })]
  expect(names(sortProbes(probes, 'clock', false, now))).toBe('slow fast none')
  expect(names(sortProbes(probes, 'clock', true, now))).toBe('fast slow none')
})

it('keeps them by name where the column says nothing', () => {
  const probes = [probe('c'), probe('a'), probe('b')]
  for (const by of sortings) expect(names(sortProbes(probes, by, false, now))).toBe('a b c')
})
