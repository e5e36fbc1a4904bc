/** By which right somebody votes: a role, held on their own authority or on that of whoever delegated it to them. */
export type Grant = { role: string; authority: string }

/** A person whose approval counts, with every right by which it may. Persons, not identities: linked ones are one. */
export type Voter = { person: string; grants: readonly Grant[] }

export type Seats = {
  /** By role: seats filled, of how many. */
  filled: Record<string, { have: number; need: number }>
  full: boolean
  /** Who fills which seat. */
  seated: { person: string; role: string; authority: string }[]
}

const choicesMax = 4096

/**
 * Fills the seats of a quorum with distinct people: a person fills one seat, and an authority too, so that a delegator and
 * their delegate count once. A full seating is found if there is any: a maximum bipartite matching (Kuhn's augmenting paths)
 * between authorities and seats, for each way in which delegates may choose whose authority they act under. Of those ways
 * at most 4,096 are tried; who has more is answered by fewer seats, never by more.
 */
export function fillSeats(quorum: Readonly<Record<string, number>>, voters: readonly Voter[]): Seats {
  const seats = Object.entries(quorum).flatMap(([role, need]) => Array.from({ length: need }, () => role))
  let best = seating(seats, quorum, [])
  let tried = 0
  for (const choice of choicesOf(voters)) {
    const found = seating(seats, quorum, choice)
    if (found.seated.length > best.seated.length) best = found
    tried += 1
    if (best.full || tried >= choicesMax) break
  }
  return best
}

type Choice = { person: string; authority: string; roles: readonly string[] }

/** Every way in which each voter picks one authority to act under. Without delegation there is exactly one. */
function* choicesOf(voters: readonly Voter[], from = 0): Generator<Choice[]> {
  const voter = voters[from]
  if (!voter) {
    yield []
    return
  }
  const authorities = [...new Set(voter.grants.map((g) => g.authority))]
  for (const rest of choicesOf(voters, from + 1)) {
    for (const authority of authorities) {
      const roles = voter.grants.filter((g) => g.authority === authority).map((g) => g.role)
      yield [{ person: voter.person, authority, roles }, ...rest]
    }
    if (authorities.length === 0) yield rest
  }
}

function seating(seats: readonly string[], quorum: Readonly<Record<string, number>>, choice: readonly Choice[]): Seats {
  const authorities = [...new Set(choice.map((c) => c.authority))]
  const holder = new Map<number, string>()
  for (const authority of authorities) augment(authority, seats, choice, holder, new Set())
  const seated = [...holder].flatMap(([seat, authority]) => {
    const role = seats[seat] ?? ''
    const voter = choice.find((c) => c.authority === authority && c.roles.includes(role))
    return voter ? [{ person: voter.person, role, authority }] : []
  })
  const filled = Object.fromEntries(
    Object.entries(quorum)
      .filter(([, need]) => need > 0)
      .map(([role, need]) => [role, { have: seated.filter((s) => s.role === role).length, need }]),
  )
  return { filled, full: seated.length === seats.length, seated }
}

function augment(
  authority: string,
  seats: readonly string[],
  choice: readonly Choice[],
  holder: Map<number, string>,
  seen: Set<number>,
): boolean {
  const may = new Set(choice.filter((c) => c.authority === authority).flatMap((c) => c.roles))
  for (const [seat, role] of seats.entries()) {
    if (!may.has(role) || seen.has(seat)) continue
    seen.add(seat)
    const sitting = holder.get(seat)
    if (sitting === undefined || augment(sitting, seats, choice, holder, seen)) {
      holder.set(seat, authority)
      return true
    }
  }
  return false
}
