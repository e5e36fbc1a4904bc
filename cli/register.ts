import { z } from 'zod'
import { digestFolder } from '#lib/platform/artifact-digest.ts'
import { callApi, type ApiFlags } from './api-client.ts'
import { findModelId } from './find-version.ts'

export type RegisterModelFlags = ApiFlags & { name: string; title: string; risk: string; label?: string[] }
export type RegisterVersionFlags = ApiFlags & {
  model: string
  version: string
  files: string
  artifactUri: string
  run?: string
  code?: string
}

const Made = z.object({ id: z.string() })

/** Registers a model; tells its id. */
export async function registerModelByApi(flags: RegisterModelFlags): Promise<void> {
  const body = { name: flags.name, title: flags.title, risk: flags.risk, labels: flags.label ?? [] }
  const { id } = Made.parse(await callApi(flags, 'POST', '/models', body))
  process.stdout.write(`${id}\n`)
}

/** Registers a version with the manifest of a folder; tells its id and digest. */
export async function registerVersionByApi(flags: RegisterVersionFlags): Promise<void> {
  const { digest, files } = await digestFolder(flags.files)
  const lineage = {
    ...(flags.run === undefined ? {} : { run: flags.run }),
    ...(flags.code === undefined ? {} : { code: flags.code }),
  }
  const body = { version: flags.version, digest, artifactUri: flags.artifactUri, files, lineage }
  const { id } = Made.parse(
    await callApi(flags, 'POST', `/models/${await findModelId(flags, flags.model)}/versions`, body),
  )
  process.stdout.write(`${id} ${digest}\n`)
}
