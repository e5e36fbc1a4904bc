import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fillSeats, type Voter } from './quorum.ts'

const own = (person: string, ...roles: string[]): Voter => ({
  person,
  grants: roles.map((role) => ({ role, authority: person })),
})
const mixed = { approver: 1, validator: 1 }

describe('a quorum', () => {
  it('lets one person with both roles fill one seat', () => {
    expect(fillSeats(mixed, [own('ann', 'approver', 'validator')])).toMatchObject({
      full: false,
      seated: [{ person: 'ann' }],
    })
  })

  it('is found if any assignment makes it, in whatever order people voted', () => {
    for (const voters of [
      [own('ann', 'approver', 'validator'), own('ben', 'approver')],
      [own('ben', 'approver'), own('ann', 'approver', 'validator')],
      [own('ann', 'approver', 'validator'), own('ben', 'validator')],
    ])
      expect(fillSeats(mixed, voters).full).toBe(true)
    expect(fillSeats(mixed, [own('ann', 'approver'), own('ben', 'approver')])).toMatchObject({
      full: false,
      filled: { approver: { have: 1, need: 1 }, validator: { have: 0, need: 1 } },
    })
  })

  it('counts a delegator and their delegate once', () => {
    const delegate: Voter = { person: 'ben', grants: [{ role: 'approver', authority: 'ann' }] }
    expect(fillSeats({ approver: 2 }, [own('ann', 'approver'), delegate])).toMatchObject({ full: false })
    const both: Voter = { person: 'ben', grants: [...delegate.grants, { role: 'approver', authority: 'ben' }] }
    expect(fillSeats({ approver: 2 }, [own('ann', 'approver'), both]).full).toBe(true)
    expect(fillSeats({ approver: 2 }, [both]).full).toBe(false)
  })

  it('agrees with trying every assignment', () => {
    const role = fc.constantFrom('approver', 'validator')
    const people = ['a', 'b', 'c', 'd']
    const voter = (person: string) =>
      fc
        .array(fc.record({ role, authority: fc.constantFrom(person, ...people) }), { maxLength: 3 })
        .map((grants) => ({ person, grants }))
    const voters = fc.tuple(...people.map(voter))
    const need = fc.record({ approver: fc.integer({ min: 0, max: 2 }), validator: fc.integer({ min: 0, max: 2 }) })
    fc.assert(
      fc.property(need, voters, (quorum, list) => {
        const { full, seated } = fillSeats(quorum, list)
        expect(full).toBe(anySeating(quorum, list))
        expect(new Set(seated.map((s) => s.person)).size).toBe(seated.length)
        expect(new Set(seated.map((s) => s.authority)).size).toBe(seated.length)
      }),
      { numRuns: 2_000 },
    )
  })
})

// The oracle: seat by seat, everybody who might take it.
function anySeating(quorum: Record<string, number>, voters: readonly Voter[]): boolean {
  const seats = Object.entries(quorum).flatMap(([role, need]) => Array.from({ length: need }, () => role))
  const fill = (at: number, people: string[], authorities: string[]): boolean =>
    at === seats.length ||
    voters.some((v) =>
      v.grants.some(
        (g) =>
          g.role === seats[at] &&
          !people.includes(v.person) &&
          !authorities.includes(g.authority) &&
          fill(at + 1, [...people, v.person], [...authorities, g.authority]),
      ),
    )
  return fill(0, [], [])
}
