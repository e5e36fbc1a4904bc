import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byUrgency, urgencies, type Need } from './urgency.ts'

const need = (id: string, urgency: Need['urgency'], sinceMs: number): Need => ({
  id,
  urgency,
  status: 'open',
  title: id,
  because: '',
  since: new Date(sinceMs),
  verb: 'Look',
  href: '/',
})

describe('what needs somebody now', () => {
  it('has hurt users first, then what has waited longest', () => {
    const needs = [
      need('approved', 'look', 0),
      need('new request', 'person-waits', 20),
      need('held', 'machine-waits', 30),
      need('old request', 'person-waits', 10),
      need('incident', 'users-hurt', 90),
    ]
    expect(needs.sort(byUrgency).map((n) => n.id)).toEqual([
      'incident',
      'held',
      'old request',
      'new request',
      'approved',
    ])
  })
  it('comes in one order, however it was gathered', () => {
    const needs = fc.uniqueArray(
      fc.record({ id: fc.string(), urgency: fc.constantFrom(...urgencies), sinceMs: fc.nat(5) }),
      { selector: (n) => n.id },
    )
    fc.assert(
      fc.property(needs, (records) => {
        const list = records.map((r) => need(r.id, r.urgency, r.sinceMs))
        const ids = (each: readonly Need[]) => each.toSorted(byUrgency).map((n) => n.id)
        expect(ids(list.toReversed())).toEqual(ids(list))
      }),
    )
  })
})
