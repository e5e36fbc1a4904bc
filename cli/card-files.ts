import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import { checkCard } from '#lib/models/card-completeness.ts'
import { parseCard } from '#lib/models/card-format.ts'
import { loadCardPolicies } from '#lib/models/load-card-policies.ts'
import { risks } from '#lib/models/model.ts'
import { problem } from '#lib/platform/errors.ts'
import { policyFolder } from '#lib/platform/policy-files.ts'
import { callApi, type ApiFlags } from './api-client.ts'
import { findVersionId } from './find-version.ts'

/** A version by its id, or by the names that people use. */
export type VersionFlags = ApiFlags & { versionId?: string; model?: string; version?: string }

const Card = z.object({ text: z.string(), digest: z.string(), revision: z.number() })
const Edited = z.object({ digest: z.string(), revision: z.number() })

/** Makes the file the card of the version; tells revision and digest. */
export async function importCard(
  file: string,
  flags: VersionFlags & { reason: string; expect?: string },
): Promise<void> {
  const text = await readText(file)
  const path = `/versions/${encodeURIComponent(await versionIdOf(flags))}`
  const expectedDigest = flags.expect ?? Card.parse(await callApi(flags, 'GET', `${path}/card`)).digest
  const body = { text, expectedDigest, reason: flags.reason }
  const { revision, digest } = Edited.parse(await callApi(flags, 'POST', `${path}/cards`, body))
  process.stdout.write(`revision ${revision} ${digest}\n`)
}

/** Writes the card's bytes, and nothing else, to the file or to standard output. */
export async function exportCard(flags: VersionFlags & { revision?: string; out?: string }): Promise<void> {
  const query = flags.revision === undefined ? '' : `?revision=${encodeURIComponent(flags.revision)}`
  const { text } = Card.parse(
    await callApi(flags, 'GET', `/versions/${encodeURIComponent(await versionIdOf(flags))}/card${query}`),
  )
  if (flags.out === undefined) process.stdout.write(text)
  else await writeFile(flags.out, text)
}

async function versionIdOf({ versionId, model, version, ...flags }: VersionFlags): Promise<string> {
  if (versionId !== undefined) return versionId
  if (model === undefined || version === undefined)
    throw problem('invalid', 'Say which version: --model and --version, or --version-id.')
  return findVersionId(flags, model, version)
}

/** Says what a card lacks, without a server. Returns the exit code. */
export async function checkCardFile(file: string, flags: { risk: string }): Promise<0 | 1> {
  const risk = z.enum(risks).safeParse(flags.risk)
  if (!risk.success) throw problem('invalid', `--risk: must be one of ${risks.join(', ')}`)
  const { policy } = await loadCardPolicies(cardPolicies())
  const missing = checkCard(parseCard(await readText(file)), policy, risk.data).filter((check) => !check.ok)
  for (const { title, because } of missing) process.stdout.write(`${title}: ${because}\n`)
  return missing.length === 0 ? 0 : 1
}

/** The folder's own policy, as at the start of the product; ours for whoever checks a card beside their model's code. */
function cardPolicies(): string {
  const own = policyFolder('cards')
  return existsSync(own) ? own : join(import.meta.dirname, '..', 'policies', 'cards')
}

async function readText(file: string): Promise<string> {
  const bytes = file === '-' ? await buffer(process.stdin) : await readFile(file)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw problem('invalid', `${file}: a card is UTF-8 text`, {}, { cause })
  }
}
