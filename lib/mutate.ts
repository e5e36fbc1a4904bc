import pg from 'pg'
import { appendEntry, type AuditDraft } from '#lib/audit/append.ts'
import type { Action, Resource } from '#lib/access/actions.ts'
import { accessDecision } from '#lib/access/authorize.ts'
import type { AccessDecision } from '#lib/access/decide.ts'
import type { Channel, Ctx } from '#lib/platform/context.ts'
import { json, type Tx } from '#lib/platform/db/schema.ts'
import { writerOf } from '#lib/platform/db/writer.ts'
import { isProblem, problem, type QuarterdeckError } from '#lib/platform/errors.ts'
import { mayRecordDenial } from '#lib/access/denials.ts'
import { requireRecentAuth } from '#lib/access/step-up.ts'

/** The subject of a write as it was loaded and locked, and the resource that roles are checked against. */
export type Loaded<S> = { subject: S; resource: Resource; name?: string }

export type MutationSpec<S> = {
  action: Action
  /** Loads the subject and locks it (`for update`). `undefined`: there is no such thing. */
  load: (tx: Tx) => Promise<Loaded<S> | undefined>
}

/** What a verb's callback returns: its value, and the audit entry that makes the write legal. */
export type MutationResult<V> = {
  value: V
  audit: Omit<AuditDraft, 'action' | 'resource' | 'outcome'> & {
    outcome?: AuditDraft['outcome']
    /** When the thing acted on was made by this very write. */
    resource?: AuditDraft['resource']
  }
  /** Whom to wake after the commit, besides the consoles. */
  wake?: readonly Channel[]
}

/**
 * The one door for governed writes. In one transaction: load and lock the subject, decide access on what was loaded
 * (what gives the actor's roles is locked too, so that a role cannot be taken away between check and commit), ask for a
 * recent sign-in where the action needs one (`recentAuthActions`), run the callback, insert the audit entry that it returns,
 * store the answer under the caller's idempotency key, commit. Then notify.
 *
 * @throws `not-found` (also for another workspace's things), `forbidden` (recorded in a transaction of its own), and
 * whatever the callback throws; in each case nothing was written.
 */
export async function mutate<S, V>(
  ctx: Ctx,
  spec: MutationSpec<S>,
  run: (tx: Tx, subject: S) => Promise<MutationResult<V>>,
): Promise<V> {
  try {
    const { value, wake } = await withRetries(ctx, () =>
      writerOf(ctx)
        .transaction()
        .execute((tx) => inTransaction(ctx, spec, run, tx)),
    )
    ctx.metrics.mutations.inc({ action: spec.action, outcome: 'done' })
    ctx.notify([...(wake ?? []), 'audit', 'changes'])
    return value
  } catch (error) {
    const told = error instanceof Denial ? error.told : error
    ctx.metrics.mutations.inc({ action: spec.action, outcome: isProblem(told) ? told.code : 'internal' })
    if (error instanceof Denial) await recordDenial(ctx, spec.action, error)
    throw told
  }
}

const attemptsMax = 3

// Two writers that wait for each other's rows: PostgreSQL ends one of them with nothing written, and its turn may come
// again. A callback has no effect outside its transaction, so running it twice does no harm.
async function withRetries<T>(ctx: Ctx, attempt: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt()
    } catch (error) {
      if (n === attemptsMax || !isSerialisationFailure(error)) throw error
      ctx.log.debug({ err: error }, 'a governed write lost a deadlock and is tried again')
    }
  }
}

/** SQLSTATE 40P01 deadlock_detected and 40001 serialization_failure. */
function isSerialisationFailure(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '40P01' || error.code === '40001')
}

async function inTransaction<S, V>(
  ctx: Ctx,
  spec: MutationSpec<S>,
  run: (tx: Tx, subject: S) => Promise<MutationResult<V>>,
  tx: Tx,
): Promise<{ value: V; wake: readonly Channel[] | undefined }> {
  const loaded = await spec.load(tx)
  const noun = spec.action.split(':')[0] ?? 'thing'
  if (!loaded || loaded.resource.workspaceId !== ctx.workspaceId)
    throw problem('not-found', `There is no such ${noun} in this workspace.`)
  const decision = await accessDecision(ctx, tx, spec.action, loaded.resource, true)
  if (!decision.allowed) throw deniedByRole(spec.action, decision, loaded)
  const recently = async () => {
    requireRecentAuth(spec.action, ctx.actor, ctx.clock.now())
    return run(tx, loaded.subject)
  }
  const { value, audit, wake } = await recently().catch((error: unknown) => {
    // Roles allowed it and another rule did not, such as separation of duties: as much a denial as the other.
    throw isProblem(error, 'forbidden') ? new Denial(error.message, error, loaded) : error
  })
  const { resource, outcome, ...rest } = audit
  await keepAnswer(tx, ctx, value)
  // Last, so that only a crash or a lost connection leaves a gap in the entries' counter.
  await appendEntry(tx, ctx, {
    ...rest,
    action: spec.action,
    outcome: outcome ?? 'done',
    resource: resource ?? { kind: loaded.resource.kind, id: loaded.resource.id, name: loaded.name },
  })
  return { value, wake }
}

class Denial extends Error {
  /** What the caller is told. */
  readonly told: QuarterdeckError
  readonly resource: Resource
  readonly resourceName: string | undefined

  constructor(because: string, told: QuarterdeckError, on: { resource: Resource; name?: string }) {
    super(because)
    this.name = 'Denial'
    this.told = told
    this.resource = on.resource
    this.resourceName = on.name
  }
}

function deniedByRole(action: Action, decision: AccessDecision, on: { resource: Resource; name?: string }): Denial {
  const { because, rolesThatMay } = decision
  return new Denial(because, problem('forbidden', `You may not do this: ${because}.`, { action, rolesThatMay }), on)
}

// A denial is a fact of its own: the refused transaction is gone when it is written. At most a few a minute and actor,
// so that nobody fills the log by being refused.
async function recordDenial(ctx: Ctx, action: Action, denial: Denial): Promise<void> {
  if (!mayRecordDenial(ctx)) return
  await writerOf(ctx)
    .transaction()
    .execute((tx) =>
      appendEntry(tx, ctx, {
        action,
        resource: { kind: denial.resource.kind, id: denial.resource.id, name: denial.resourceName },
        outcome: 'denied',
        because: denial.message,
      }),
    )
  ctx.notify(['audit', 'changes'])
}

// The same transaction as the write: a crash between the write and its answer cannot make a retry act twice.
async function keepAnswer(tx: Tx, ctx: Ctx, value: unknown): Promise<void> {
  if (!ctx.idempotency) return
  const inserted = await tx
    .insertInto('idempotency_key')
    .values({
      workspace_id: ctx.workspaceId,
      actor_id: ctx.actorId,
      key: ctx.idempotency.key,
      request_digest: ctx.idempotency.requestDigest,
      response: json(value ?? null),
      created_at: ctx.clock.now(),
    })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  if (inserted.numInsertedOrUpdatedRows !== 1n) {
    throw problem(
      'conflict',
      'Another request with this idempotency key is being answered or was answered: send it again.',
      {
        idempotencyKey: ctx.idempotency.key,
        retry: true,
      },
    )
  }
}
