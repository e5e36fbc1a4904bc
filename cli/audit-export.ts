import { resolve } from 'node:path'
import { exportDetails, exportLog } from '#lib/audit/export-log.ts'
import { sequenceEntries } from '#lib/audit/sequence.ts'
import { findWorkspace, workspacesOf } from '#lib/members/reads.ts'
import { personaCtx } from '#lib/members/persona-ctx.ts'
import { rootWorkspaceId, systemIdentityId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { attachSystem } from '#lib/system/attach.ts'

/** Batches of the sequencer before the export, so that it holds what has just happened even where no worker runs. */
const turnsMax = 1_000

/** Exports the log of DATABASE_URL, or else of the embedded database in QUARTERDECK_DATA. */
export async function runAuditExport(flags: {
  out: string
  as?: string
  workspace?: string
  detail?: string
}): Promise<void> {
  const detail = exportDetails.find((each) => each === (flags.detail ?? 'all'))
  if (!detail) throw problem('invalid', `--detail is one of ${exportDetails.join(', ')}.`)
  const { system, close } = await attachSystem('cli', process.env)
  try {
    const ctx = await ctxOf(system, flags)
    for (let turn = 0; turn < turnsMax && (await sequenceEntries(system)) > 0;) turn += 1
    const made = await exportLog(ctx, resolve(flags.out), detail)
    process.stdout.write(
      `${made.folder}: ${made.size} entries, ${made.contents} with their contents\nverifier key: ${made.vkey}\n`,
    )
  } finally {
    await close()
  }
}

async function ctxOf(system: System, flags: { as?: string; workspace?: string }): Promise<Ctx> {
  if (flags.as !== undefined) return personaCtx(system, flags.as, flags.workspace)
  const ctx = systemCtx(system, await workspaceOf(system, flags.workspace))
  return { ...ctx, actor: { ...ctx.actor, via: 'cli' } }
}

async function workspaceOf(system: System, named: string | undefined): Promise<string> {
  if (named !== undefined) {
    const found = await findWorkspace(system, named)
    if (!found) throw problem('not-found', `There is no workspace named ${named}.`)
    return found.id
  }
  const own = (await workspacesOf(system, systemIdentityId)).filter((w) => w.id !== rootWorkspaceId)
  if (own.length > 1)
    throw problem('invalid', `Say whose contents with --workspace: ${own.map((w) => w.name).join(', ')}.`)
  return own[0]?.id ?? rootWorkspaceId
}
