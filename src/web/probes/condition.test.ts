import { describe, expect, it } from 'vitest'
import type { Probe, ProbeHealth } from '../api/types'
import { conditionOf, isSilent } from './condition'

const now = Date.parse('2026-11-22T12:00:10Z')

const health: ProbeHealth = {
  start: '2026-11-22T11:59:50Z',
  end: '2026-11-22T12:00:00Z',
  suspect: [],
  pairs: 7,
  send_lateness_p99_ns: 40_000,
  skipped_sends: 0,
  send_errors: 0,
  receive_drops: 0,
  unmatched_replies: 0,
  clock_steps: 0,
  gc_pause_ns: 0,
  cpu_pressure_ratio: 0,
}

const probe: Probe = {
  group: 'wan',
  name: 'ams1',
  full_name: 'ams1.example',
  address: '192.0.2.7',
  port: 8100,
  version: '0.1.0',
  tags: {},
  keepalive_s: 120,
  lease_left_s: 110,
  registered_at: '2026-11-22T11:00:00Z',
  heard_of_at: '2026-11-22T12:00:00Z',
  echo: 'confirmed',
  pushes: true,
  clock_offset_ns: 1000,
  clock_offset_error_ns: 500,
  health,
}

describe('the condition of a probe', () => {
  it.each<[string, string, Partial<Probe>]>([
    ['Good', 'good', {}],
    ['Good', 'good', { pushes: false, health: null, clock_offset_ns: null, clock_offset_error_ns: null, echo: 'unknown' }],
    ['No report yet', 'unknown', { health: null }],
    ['Silent', 'bad', { heard_of_at: '2026-11-22T11:58:00Z' }],
    ['No reports', 'warn', { health: { ...health, start: '2026-11-22T11:58:20Z', end: '2026-11-22T11:58:30Z' } }],
    ['Unverified', 'warn', { echo: 'missing' }],
    ['Suspect', 'warn', { health: { ...health, suspect: ['late_sends'] } }],
    ['Clock off', 'warn', { clock_offset_ns: -250_000_000, clock_offset_error_ns: 1_000_000 }],
    // It may as well be the round trip.
    ['Good', 'good', { clock_offset_ns: 250_000_000, clock_offset_error_ns: 200_000_000 }],
  ])('is %s', (words, grade, change) => {
    expect(conditionOf({ ...probe, ...change }, now)).toMatchObject({ words, grade })
  })

  it('has all reasons, those of the word it is called by first', () => {
    const { words, reasons } = conditionOf(
      { ...probe, echo: 'missing', health: { ...health, suspect: ['cpu_pressure', 'other'] } },
      now,
    )
    expect(words).toBe('Unverified')
    expect(reasons).toHaveLength(2)
    expect(reasons[1]).toContain('it waited for a CPU, other')
  })

  it('is silent only once another may have its name', () => {
    expect(isSilent(probe, now + 75_000)).toBe(false)
    expect(isSilent(probe, now + 85_000)).toBe(true)
  })
})
