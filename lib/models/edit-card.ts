import { mutate } from '#lib/mutate.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { parseInput } from '#lib/platform/parse-input.ts'
import { parseCard } from './card-format.ts'
import { EditCardInput, type CardRevisionView } from './model-card.ts'
import { cardDigest, insertCard, lockCard } from './queries-card.ts'
import { selectCurrentCard } from './reads-card.ts'
import { findVersion } from './reads.ts'

/**
 * Writes the next revision of a version's card: an import is an edit of the whole text. An approval binds the digest of the
 * card that was read, so whoever edits a card after that has to ask again.
 * @throws `invalid` for a card that cannot be read, `stale-revision` with the present digest, `conflict` when nothing differs
 */
export async function editCard(ctx: Ctx, input: EditCardInput): Promise<CardRevisionView> {
  const { versionId, text, expectedDigest, reason } = parseInput(EditCardInput, input)
  parseCard(text)
  return mutate(ctx, { action: 'card:edit', load: (tx) => load(tx, versionId) }, async (tx, card) => {
    if (card.digest !== expectedDigest)
      throw problem('stale-revision', 'The card was edited since you read it. Read it again, then edit.', {
        digest: card.digest,
        revision: card.revision,
      })
    const digest = cardDigest(text)
    if (digest === card.digest) throw problem('conflict', 'This is the card as it stands: nothing differs.', { digest })
    const now = ctx.clock.now()
    const { workspaceId, versionDigest } = card
    const row = {
      id: newId('card', now),
      workspaceId,
      versionId,
      versionDigest,
      revision: card.revision + 1,
      text,
      digest,
      because: reason,
      createdAt: now,
    }
    await insertCard(tx, { ...row, createdBy: ctx.actorId })
    const judged = await selectCurrentCard(tx, versionId)
    const { id, revision, because, createdAt } = row
    return {
      value: {
        id,
        versionId,
        revision,
        digest,
        because,
        createdAt,
        createdBy: { id: ctx.actorId, name: ctx.actor.name },
      },
      audit: {
        before: { revision: card.revision, digest: card.digest },
        after: { revision, digest, versionDigest, complete: judged?.complete, missing: judged?.missing },
        because: reason,
        ...(judged ? { policies: [judged.policyDigest] } : {}),
      },
    }
  })
}

async function load(tx: Tx, versionId: string) {
  const version = await findVersion(tx, versionId)
  const subject = version && (await lockCard(tx, versionId))
  if (!version || !subject) return undefined
  const { id, workspaceId, labels } = version
  return {
    subject,
    resource: { kind: 'version', id, workspaceId, labels },
    name: `${version.modelName}@${version.version}`,
  }
}
