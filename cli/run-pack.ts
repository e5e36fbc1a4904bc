import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { readTrust } from '#lib/attestations/reads-public.ts'
import { rotateAttestationKey } from '#lib/attestations/rotate-attestation-key.ts'
import { personaCtx } from '#lib/members/persona-ctx.ts'
import { exportPack, type ExportedPack } from '#lib/packs/export-pack.ts'
import type { PackKind } from '#lib/packs/model.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { isId } from '#lib/platform/ids.ts'
import { attachSystem } from '#lib/system/attach.ts'
import { callApi, callPublic, type ApiFlags } from './api-client.ts'

export type PackFlags = ApiFlags & { out?: string; as?: string }
export type RotateFlags = ApiFlags & { reason: string; demo?: boolean; keyRef?: string }

const plurals = { version: 'versions', approval: 'approvals', rollout: 'rollouts', incident: 'incidents' } as const
const Pack = z.object({ sha256: z.string(), content: z.base64() })
const Requested = z.object({ id: z.string() })

/** Writes an evidence pack: by the API, or with `--as` from the database here. */
export async function runPack(id: string, flags: PackFlags): Promise<void> {
  const kind = (['version', 'approval', 'rollout', 'incident'] as const).find((each) => isId(each, id))
  if (kind === undefined) throw problem('invalid', `${id} is not the id of a version, approval, rollout or incident.`)
  const pack = flags.as === undefined ? await packByApi(kind, id, flags) : await packHere(kind, id, flags.as, flags)
  const out = flags.out ?? `evidence-${id}.zip`
  await writeFile(out, pack.zip)
  process.stdout.write(`${out}: sha256:${pack.sha256}\n`)
}

/** Prints the trust file of the installation here, or of the one at an address. */
export async function runTrust(flags: { url?: string }): Promise<void> {
  const trust =
    flags.url === undefined ? await attached(readTrust) : await callPublic(flags.url, '/api/verify/trust.json')
  process.stdout.write(`${JSON.stringify(trust, null, 2)}\n`)
}

/** Asks for a new signing key: by the API as an admin of the installation, or without a token as whoever runs it. */
export async function runRotate(flags: RotateFlags): Promise<void> {
  const { reason, demo, keyRef } = flags
  const input = { reason, demo: demo === true, ...(keyRef === undefined ? {} : { keyRef }) }
  const here = flags.token === undefined && flags.tokenFile === undefined
  const { id } = here
    ? await attached((system) => {
        const ctx = systemCtx(system)
        return rotateAttestationKey({ ...ctx, actor: { ...ctx.actor, via: 'cli' } }, input)
      })
    : Requested.parse(
        await callApi(
          { ...flags, workspace: flags.workspace ?? 'quarterdeck' },
          'POST',
          '/attestation-keys/rotate',
          input,
        ),
      )
  process.stdout.write(`${id} is asked for; the worker makes it\n`)
}

async function packByApi(kind: PackKind, id: string, flags: PackFlags): Promise<Pick<ExportedPack, 'zip' | 'sha256'>> {
  const { sha256, content } = Pack.parse(await callApi(flags, 'GET', `/${plurals[kind]}/${id}/evidence-pack`))
  const zip = Buffer.from(content, 'base64')
  if (createHash('sha256').update(zip).digest('hex') !== sha256)
    throw problem('invalid', 'What came is not the pack that the server made: its digest differs. Ask again.')
  return { zip, sha256 }
}

function packHere(kind: PackKind, id: string, persona: string, flags: PackFlags): Promise<ExportedPack> {
  return attached(async (system) =>
    exportPack(await personaCtx(system, persona, flags.workspace ?? 'default'), { kind, id }),
  )
}

async function attached<T>(run: (system: System) => Promise<T>): Promise<T> {
  const { system, close } = await attachSystem('cli', process.env)
  try {
    return await run(system)
  } finally {
    await close()
  }
}
