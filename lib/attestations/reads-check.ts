import { createHash } from 'node:crypto'
import type { System } from '#lib/platform/context.ts'
import { parseEnvelope } from './dsse.ts'
import { selectStored } from './queries-check.ts'
import { statementDigest } from './statement.ts'

const rowsATurn = 500

/**
 * A piece of the stored attestations, held against their own digests: the statement against the digest that the audit log and
 * policies name, the envelope against its digest and against the statement within it. For the log's monitor, which goes
 * on at `next`.
 */
export async function checkStatements(
  { db }: Pick<System, 'db'>,
  after: string,
): Promise<{ judged: string[]; wrong: ReadonlyMap<string, string>; next: string }> {
  const rows = await selectStored(db, after, rowsATurn)
  const wrong = new Map<string, string>()
  for (const row of rows) {
    const fault = faultOf(row)
    if (fault !== undefined) wrong.set(`attestation:${row.id}`, `attestation ${row.id}: ${fault}`)
  }
  const next = rows.length === rowsATurn ? (rows.at(-1)?.id ?? '') : ''
  return { judged: rows.map((row) => `attestation:${row.id}`), wrong, next }
}

type Stored = Awaited<ReturnType<typeof selectStored>>[number]

function faultOf({ statement, digest, envelope, envelopeDigest }: Stored): string | undefined {
  if (statementDigest(Buffer.from(statement)) !== digest) return 'its statement does not give its digest'
  if (envelope === null) return undefined
  const hex = createHash('sha256').update(envelope).digest('hex')
  if (envelopeDigest !== `sha256:${hex}` && envelopeDigest !== hex) return 'its envelope does not give its digest'
  try {
    if (!parseEnvelope(JSON.parse(envelope)).statement.equals(Buffer.from(statement)))
      return 'its envelope holds another statement'
  } catch (error) {
    return `its envelope cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  return undefined
}
