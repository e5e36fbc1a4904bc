import { writeFile } from 'node:fs/promises'
import { readTrust } from '#lib/attestations/reads-public.ts'
import { rotateAttestationKey } from '#lib/attestations/rotate-attestation-key.ts'
import { personaCtx } from '#lib/members/persona-ctx.ts'
import { exportPack } from '#lib/packs/export-pack.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { attachSystem } from '#lib/system/attach.ts'

const kinds = { mv: 'version', ap: 'approval', ro: 'rollout', in: 'incident' } as const

/** Writes an evidence pack. */
export async function runPack(id: string, flags: { out?: string; as?: string; workspace: string }): Promise<void> {
  const kind = Object.entries(kinds).find(([prefix]) => id.startsWith(`${prefix}_`))?.[1]
  if (kind === undefined) throw problem('invalid', `${id} is not the id of a version, approval, rollout or incident.`)
  await attached(async (system) => {
    const ctx = await personaCtx(system, flags.as ?? '', flags.workspace)
    const pack = await exportPack(ctx, { kind, id })
    const out = flags.out ?? pack.name
    await writeFile(out, pack.zip)
    process.stdout.write(`${out}: sha256:${pack.sha256}\n`)
  })
}

/** Prints the trust file of the installation. */
export async function runTrust(): Promise<void> {
  await attached(async (system) => {
    process.stdout.write(`${JSON.stringify(await readTrust(system), null, 2)}\n`)
  })
}

/** Asks for a new signing key, as whoever runs the installation. */
export async function runRotate(flags: { reason: string; demo?: boolean; keyRef?: string }): Promise<void> {
  await attached(async (system) => {
    const ctx = systemCtx(system)
    const { reason, demo, keyRef } = flags
    const input = { reason, demo: demo === true, ...(keyRef === undefined ? {} : { keyRef }) }
    const { id } = await rotateAttestationKey({ ...ctx, actor: { ...ctx.actor, via: 'cli' } }, input)
    process.stdout.write(`${id} is asked for; the worker makes it\n`)
  })
}

async function attached(run: (system: System) => Promise<void>): Promise<void> {
  const { system, close } = await attachSystem('cli', process.env)
  try {
    await run(system)
  } finally {
    await close()
  }
}
