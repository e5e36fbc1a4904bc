import { selectPersonIds } from '#lib/access/effective-roles.ts'
import { mutate } from '#lib/mutate.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { identitiesOfPersonMax, LinkIdentitiesInput } from './model-roles.ts'
import { insertLink, lockLinks, selectLinksOf } from './queries-links.ts'
import { selectIdentityById, selectKnownIdentity } from './queries-roles.ts'

/**
 * Says that two identities are one person: from now on separation of duties and quorums take them for one. A link holds in
 * this workspace; one made in the installation's own holds everywhere. A service account may be linked to whoever runs it.
 * @throws `not-found` for an identity that this workspace does not know, `conflict` when they are one person already or
 * would be one of too many
 */
export async function linkIdentities(ctx: Ctx, input: LinkIdentitiesInput): Promise<{ linkId: string }> {
  const { identityId, otherId, reason } = parseInput(LinkIdentitiesInput, input)
  const { workspaceId } = ctx
  const here = { kind: 'workspace', id: workspaceId, workspaceId }
  return mutate(
    ctx,
    { action: 'identity:link', load: () => Promise.resolve({ subject: null, resource: here }) },
    async (tx) => {
      const now = ctx.clock.now()
      await lockLinks(tx, workspaceId)
      const [one, two] = [await known(tx, workspaceId, identityId), await known(tx, workspaceId, otherId)]
      await checkPersons(tx, workspaceId, identityId, otherId)
      const linkId = newId('identityLink', now)
      await insertLink(tx, { id: linkId, workspaceId, identities: [one.id, two.id], reason, by: ctx.actorId, now })
      const after = [one, two].map(({ id, issuer, subject }) => ({ id, issuer, subject }))
      return {
        value: { linkId },
        audit: {
          resource: { kind: 'identity-link', id: linkId, name: `${one.name} = ${two.name}` },
          after: { identities: after },
          because: reason,
        },
      }
    },
  )
}

async function known(tx: Tx, workspaceId: string, identityId: string) {
  const found =
    workspaceId === rootWorkspaceId
      ? await selectIdentityById(tx, identityId)
      : await selectKnownIdentity(tx, identityId, workspaceId)
  if (!found || found.kind === 'worker' || found.kind === 'system')
    throw problem('not-found', 'There is no such person or service in this workspace.')
  return found
}

async function checkPersons(tx: Tx, workspaceId: string, one: string, two: string): Promise<void> {
  const persons = await selectPersonIds(tx, workspaceId, [one, two])
  if (persons.get(one) === persons.get(two)) throw problem('conflict', 'These identities are one person already.')
  const linked = new Set([one, two, ...(await selectLinksOf(tx, workspaceId, [one, two]))])
  if (linked.size > identitiesOfPersonMax)
    throw problem(
      'conflict',
      `That would be a person of ${linked.size} identities; ${identitiesOfPersonMax} are the most.`,
    )
}
