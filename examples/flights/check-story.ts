import { findPersona, findWorkspace, workspacesOf } from '#lib/members/reads.ts'
import { readDemo } from '#lib/demo/reads.ts'
import { readConfig } from '#lib/platform/config.ts'
import type { System } from '#lib/platform/context.ts'
import { openRole } from '#lib/system/installation.ts'
import { names } from './story/calendar.ts'
import { milestones, type Reached } from './story/milestones.ts'
import { as } from './story/stage.ts'

/**
 * Follows a demonstration that runs, through the reads that its pages use, and prints each milestone with its time as one
 * JSON line. Ends with 1 when one is missing after `--minutes` (15). Needs DATABASE_URL and QUARTERDECK_SECRET of the
 * installation, as every role that runs by itself.
 */
async function main(minutes: number): Promise<boolean> {
  const config = readConfig()
  const { system, close } = await openRole(config, 'check-story', { outside: false })
  const deadlineMs = system.clock.monotonicMs() + minutes * 60_000
  const reached = new Map<string, Reached>()
  try {
    while (reached.size < milestones.length && system.clock.monotonicMs() < deadlineMs) {
      const workspace = await findWorkspace(system, names.workspace.name)
      if (workspace && (await isOpen(system, workspace.id))) await look(system, workspace.id, reached)
      await system.clock.sleep(2_000)
    }
  } finally {
    await close()
  }
  const missing = milestones.filter(({ name }) => !reached.has(name)).map(({ name }) => name)
  console.log(JSON.stringify({ reached: reached.size, missing }))
  return missing.length === 0
}

/** Whether the persona whose reads are used has a role there yet. */
async function isOpen(system: System, workspaceId: string): Promise<boolean> {
  const olu = await findPersona(system, 'olu')
  return olu !== undefined && (await workspacesOf(system, olu.id)).some(({ id }) => id === workspaceId)
}

async function look(system: System, workspaceId: string, reached: Map<string, Reached>): Promise<void> {
  const ctx = await as({ system, workspaceId }, 'olu')
  const demo = await readDemo(ctx)
  for (const { name, look: lookFor } of milestones) {
    if (reached.has(name)) continue
    const found = await lookFor(ctx)
    if (!found) continue
    reached.set(name, found)
    console.log(JSON.stringify({ milestone: name, at: found.at, eventDay: demo?.eventDay ?? null, note: found.note }))
  }
}

const at = process.argv.indexOf('--minutes')
process.exitCode = (await main(at < 0 ? 15 : Number(process.argv[at + 1]))) ? 0 : 1
