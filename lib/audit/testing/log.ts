import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { appendEntry } from '../append.ts'
import { exportLog } from '../export-log.ts'
import { verifyExport, type VerifyReport } from '../verify-export.ts'

/** Appends one entry in a transaction of its own; its name is its reason. @returns its id */
export function appendOne(system: System, because: string): Promise<string> {
  return housekeep(system, 'demo', (tx) => appendEntry(tx, systemCtx(system), draft(because)))
}

export function draft(because: string) {
  return { action: 'model:register', resource: { kind: 'model', id: 'mo_test' }, outcome: 'done' as const, because }
}

/** Exports the log as it is into a folder that is removed again, and verifies it with the key that the export names. */
export async function verifyLog(ctx: Ctx): Promise<VerifyReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-log-'))
  try {
    const { vkey } = await exportLog(ctx, folder)
    return await verifyExport(folder, { vkey })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The ids of the log's entries in their places; throws when the places are not 0, 1, 2, … */
export async function placesOf(system: System): Promise<string[]> {
  const rows = await system.db.selectFrom('audit_leaf').select(['index', 'entry_id']).orderBy('index').execute()
  const gap = rows.findIndex((row, i) => row.index !== BigInt(i))
  if (gap >= 0) throw new Error(`place ${gap} of the log is empty`)
  return rows.map((row) => row.entry_id)
}

/** A transaction that stays open, with its id assigned, until told to commit. */
export async function openTransaction(
  system: System,
  because: string,
): Promise<{ id: string; commit(): Promise<void> }> {
  let commit = () => {}
  const asked = new Promise<void>((resolve) => {
    commit = resolve
  })
  let appended = (_id: string) => {}
  const id = new Promise<string>((resolve) => {
    appended = resolve
  })
  const running = housekeep(system, 'demo', async (tx) => {
    appended(await appendEntry(tx, systemCtx(system), draft(because)))
    await asked
  })
  return {
    id: await id,
    commit: () => {
      commit()
      return running
    },
  }
}
