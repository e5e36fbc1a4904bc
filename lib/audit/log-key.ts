import type { System } from '#lib/platform/context.ts'
import type { Reader, Tx } from '#lib/platform/db/schema.ts'
import { newId } from '#lib/platform/ids.ts'
import { seal, unseal } from '#lib/platform/seal.ts'
import { generateNoteKey, parseSignerKey, type NoteSigner } from './note-key.ts'

/** The log's signing key: made at first use, kept sealed. */
export async function logSigner(system: System, tx: Tx): Promise<NoteSigner> {
  const row = await selectKey(tx)
  if (row) return parseSignerKey(unseal(system.secrets, row.id, row.sealed_private_key))
  const { skey, vkey } = generateNoteKey(system.config.logOrigin)
  const now = system.clock.now()
  const id = newId('signingKey', now)
  await tx
    .insertInto('signing_key')
    .values({
      id,
      purpose: 'log',
      public_key: vkey,
      sealed_private_key: seal(system.secrets, id, skey),
      created_at: now,
      retired_at: null,
    })
    .execute()
  return parseSignerKey(skey)
}

/** The log's public key as a verifier key (C2SP signed-note vkey), or undefined before the first checkpoint. */
export async function logVerifierKey(db: Reader): Promise<string | undefined> {
  return (await selectKey(db))?.public_key
}

function selectKey(db: Reader) {
  return db
    .selectFrom('signing_key')
    .select(['id', 'public_key', 'sealed_private_key'])
    .where('purpose', '=', 'log')
    .where('retired_at', 'is', null)
    .executeTakeFirst()
}
