import { createHash } from 'node:crypto'
import { canonicalBytes } from '#lib/audit/canonical.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { findAnswer } from '#lib/platform/idempotency.ts'
import { invalidField } from './answer.ts'

export type KeyedRequest = { key: string; requestDigest: string }

/**
 * The caller's idempotency key with the digest of what was asked under it: SHA-256 over method, path, workspace and the
 * canonical JSON (RFC 8785) of the body. Undefined without a key. @throws `invalid` for a key that is none
 */
export function keyedRequest(request: {
  key: string | undefined
  method: string
  path: string
  workspaceId: string
  body: unknown
}): KeyedRequest | undefined {
  const { key, method, path, workspaceId, body } = request
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,128}$/.test(key))
    throw invalidField('idempotency-key', 'must be 1 to 128 visible ASCII characters')
  const hash = createHash('sha256').update(`${method}\n${path}\n${workspaceId}\n`)
  return { key, requestDigest: hash.update(canonicalBytes(body ?? null)).digest('hex') }
}

/**
 * Runs a verb once for its key, however often and however concurrently it is asked. The store is looked at before, and
 * once more when the verb failed: of two twins one commits, and whatever the other one fails with (a taken name, a
 * state that has moved, the key itself), the answer that it is owed is in the store by then, because the row that made
 * it fail was committed together with that answer.
 * @throws `idempotency-mismatch` when the key was used for another request
 */
export async function runOnce(
  ctx: Ctx,
  request: KeyedRequest,
  act: (ctx: Ctx) => Promise<unknown>,
): Promise<{ value: unknown; replayed: boolean }> {
  const before = await storedAnswer(ctx, request)
  if (before) return { value: before.response, replayed: true }
  try {
    return { value: await act({ ...ctx, idempotency: request }), replayed: false }
  } catch (error) {
    const after = await storedAnswer(ctx, request).catch((lookup: unknown) => {
      if (isProblem(lookup, 'idempotency-mismatch')) throw lookup
      ctx.log.warn({ err: lookup, requestId: ctx.requestId }, 'the stored answers could not be read after a failure')
      return undefined
    })
    if (after) return { value: after.response, replayed: true }
    throw error
  }
}

async function storedAnswer(ctx: Ctx, { key, requestDigest }: KeyedRequest) {
  const found = await findAnswer(ctx, ctx, key)
  if (found && found.requestDigest !== requestDigest)
    throw problem('idempotency-mismatch', 'This idempotency key was used for another request: choose a new one.')
  return found
}
