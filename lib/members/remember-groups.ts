import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { deleteGroupsBut, insertGroups, selectIssuer } from './queries-groups.ts'

/** How many groups an identity may bring, and how long a name of one may be. */
export const groupsMax = 1_000
const nameLengthMax = 300

/**
 * Keeps what an issuer says now of somebody's groups, instead of what it said before: roles of groups that are no longer
 * named end with it, in the same transaction. No groups is an answer; an issuer that says nothing of groups is none, and
 * then this is not called.
 * @throws `invalid` for more groups than are kept, or a name that is none: an error, never fewer roles in silence
 */
export async function rememberGroups(
  tx: Tx,
  input: { identityId: string; groups: readonly string[]; now: Date },
): Promise<void> {
  const { identityId, now } = input
  const names = [...new Set(input.groups)].sort()
  if (names.length > groupsMax)
    throw problem('invalid', `The sign-in names ${names.length} groups; at most ${groupsMax} are kept. Send fewer.`)
  if (names.some((name) => name.length === 0 || name.length > nameLengthMax))
    throw problem(
      'invalid',
      `The sign-in names a group that has no name or one of more than ${nameLengthMax} characters.`,
    )
  const issuer = await selectIssuer(tx, identityId)
  if (issuer === undefined) throw problem('not-found', 'There is no such identity.')
  await deleteGroupsBut(tx, identityId, names)
  await insertGroups(tx, { identityId, issuer, names, now })
}
