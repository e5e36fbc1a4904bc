import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { callApi, type ApiFlags } from './api-client.ts'
import { findVersionId } from './find-version.ts'

export type AddEvidenceFlags = ApiFlags & {
  model: string
  version: string
  kind?: string
  file: string
  measuredAt?: string
  mlflowRun?: boolean
}

const Added = z.object({ id: z.string(), statementDigest: z.string(), left: z.array(z.string()).optional() })
const Replayed = z.object({
  replayed: z.number(),
  otherwise: z.array(
    z.object({
      approvalId: z.string(),
      model: z.string(),
      version: z.string(),
      environment: z.string(),
      was: z.string(),
      would: z.string(),
      because: z.string(),
    }),
  ),
})

/** Adds a file as evidence of a version that is named as people name it; tells id and statement digest. */
export async function addEvidenceFile(flags: AddEvidenceFlags): Promise<void> {
  if ((flags.kind === undefined) === (flags.mlflowRun !== true))
    throw problem('invalid', 'Say either --kind or --mlflow-run.')
  const content = jsonOf(await textOf(flags.file), flags.file)
  const path = `/versions/${await findVersionId(flags, flags.model, flags.version)}/evidence`
  const measured = flags.measuredAt === undefined ? {} : { measuredAt: flags.measuredAt }
  const source = { source: { kind: 'file', id: flags.file.slice(0, 300) } }
  const answer = flags.mlflowRun
    ? await callApi(flags, 'POST', `${path}/runs`, { run: content })
    : await callApi(flags, 'POST', path, { kind: flags.kind, content, ...measured, ...source })
  const { id, statementDigest, left = [] } = Added.parse(answer)
  for (const name of left) process.stderr.write(`left out: ${name} (its name or value cannot be used)\n`)
  process.stdout.write(`${id} ${statementDigest}\n`)
}

/** Tells each request that would have come out otherwise, one a line. Returns the exit code. */
export async function whatIfFiles(files: readonly string[], flags: ApiFlags): Promise<0 | 1> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  const { replayed, otherwise } = Replayed.parse(
    await callApi(flags, 'POST', '/approval-policies/what-if', { policies: texts.join('\n---\n') }),
  )
  for (const o of otherwise)
    process.stdout.write(
      `${o.approvalId} ${o.model}@${o.version} in ${o.environment}: was ${o.was}, would be ${o.would}. ${o.because}\n`,
    )
  process.stderr.write(`${otherwise.length} of ${replayed} requests would have come out otherwise\n`)
  return otherwise.length === 0 ? 0 : 1
}

async function textOf(file: string): Promise<string> {
  return file === '-' ? (await buffer(process.stdin)).toString('utf8') : readFile(file, 'utf8')
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw problem('invalid', `${file}: not JSON`, { file }, { cause })
  }
}
