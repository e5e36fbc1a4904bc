import { createHash } from 'node:crypto'
import { parse } from 'yaml'
import { z } from 'zod'
import type { ArtifactFile } from '#lib/platform/artifact-digest.ts'
import { UpstreamError, type UpstreamArtifact, type UpstreamVersion } from '#lib/platform/ports/upstream.ts'
import type { MlflowClient } from './client.ts'

const proxy = '/api/2.0/mlflow-artifacts/artifacts'
const filesMax = 10_000
const depthMax = 32
const bytesMax = 64 * 2 ** 30
const descriptionBytesMax = 1_048_576
const inputsMax = 2_000

const Listing = z.object({
  files: z
    .array(z.object({ path: z.string(), is_dir: z.boolean().default(false), file_size: z.number().optional() }))
    .default([]),
})
const DownloadUri = z.object({ artifact_uri: z.string() })
const Description = z.object({ signature: z.object({ inputs: z.string() }).nullish() })
const Inputs = z.array(z.object({ name: z.string().min(1).max(200) }))

/**
 * Walks the artefact of a version through MLflow's artefact proxy and hashes every byte: MLflow keeps no digest, and what
 * lies under a version can be overwritten without a trace in its record.
 * @throws UpstreamError `unsupported` when the artefact lies where the server does not hand it out
 */
export async function digestArtifact(client: MlflowClient, version: UpstreamVersion): Promise<UpstreamArtifact> {
  const { name, version: number } = version
  const path = '/api/2.0/mlflow/model-versions/get-download-uri'
  const { artifact_uri: uri } = await client.get(path, { name, version: number }, DownloadUri)
  const root = rootOf(uri)
  const found = await listFiles(client, root)
  if (found.length === 0) throw new UpstreamError('absent', `there is no file at ${uri}`)
  const files: ArtifactFile[] = []
  const total = { bytes: 0 }
  let inputs: string[] = []
  for (const file of found) {
    const { entry, text } = await hashFile(client, root, file, total)
    files.push(entry)
    if (file === 'MLmodel') inputs = inputsOf(text)
  }
  return { uri, files, inputs }
}

function rootOf(uri: string): string {
  const match = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.+?)\/*$/.exec(uri)
  const root = match?.[1]
  if (root === undefined) {
    throw new UpstreamError(
      'unsupported',
      `the artefact is kept at ${uri}, which MLflow does not hand out: start its server with --serve-artifacts`,
    )
  }
  return root
}

async function listFiles(client: MlflowClient, root: string): Promise<string[]> {
  const files: string[] = []
  const pending = [{ folder: '', depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > depthMax) throw new UpstreamError('unsupported', `folders are nested deeper than ${depthMax}`)
    const path = next.folder === '' ? root : `${root}/${next.folder}`
    const listing = await client.get(proxy, { path }, Listing)
    for (const { path: name, is_dir: isFolder } of listing.files) {
      const own = next.folder === '' ? name : `${next.folder}/${name}`
      if (isFolder) pending.push({ folder: own, depth: next.depth + 1 })
      else files.push(own)
    }
    if (files.length + pending.length > filesMax) {
      throw new UpstreamError('unsupported', `the artefact has more than ${filesMax} files`)
    }
  }
  return files
}

async function hashFile(
  client: MlflowClient,
  root: string,
  path: string,
  total: { bytes: number },
): Promise<{ entry: ArtifactFile; text: string }> {
  const address = `${root}/${path}`.split('/').map(encodeURIComponent).join('/')
  const hash = createHash('sha256')
  const kept: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of await client.download(`${proxy}/${address}`)) {
      size += chunk.length
      total.bytes += chunk.length
      if (total.bytes > bytesMax) throw new UpstreamError('unsupported', `the artefact has more than ${bytesMax} bytes`)
      hash.update(chunk)
      if (path === 'MLmodel' && size <= descriptionBytesMax) kept.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause
    throw new UpstreamError('unreachable', `MLflow broke off in the middle of ${path}`, { cause })
  }
  return { entry: { path, size, sha256: hash.digest('hex') }, text: Buffer.concat(kept).toString('utf8') }
}

/** The names of the inputs that the model's signature declares; none when it has no signature or one of tensors alone. */
export function inputsOf(description: string): string[] {
  try {
    const { signature } = Description.parse(parse(description, { maxAliasCount: 10 }))
    const columns: unknown = JSON.parse(signature?.inputs ?? '[]')
    return Inputs.parse(columns)
      .map((column) => column.name)
      .slice(0, inputsMax)
  } catch {
    // What it declares is a courtesy: a description that does not read declares nothing.
    return []
  }
}
