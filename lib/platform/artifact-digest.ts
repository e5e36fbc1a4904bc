import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import canonicalize from 'canonicalize'
import { problem } from '#lib/platform/errors.ts'

/** One file of an artefact: path relative to its folder with `/` between parts, size in bytes, lower-case hex SHA-256. */
export type ArtifactFile = { path: string; size: number; sha256: string }

export type ArtifactDigest = { digest: string; files: ArtifactFile[] }

/** Files in one artefact. A model has a handful; a folder with more than this is not an artefact but a mistake. */
const filesMax = 10_000
/** Folders within folders. */
const depthMax = 32

/**
 * The digest of a model artefact: `sha256:` and the hex SHA-256 of its manifest. The manifest is the RFC 8785
 * canonical JSON of the array of `{path, sha256, size}`, one element for every file below the folder, sorted by path
 * in UTF-16 code units. Names, sizes and bytes count; times, modes and empty folders do not.
 *
 * Throws `not-found` when the folder is missing and `invalid` when it holds no file, something that is neither file
 * nor folder (a symbolic link could point outside, so that the digest would not cover what is served), or too much.
 */
export async function digestFolder(folder: string): Promise<ArtifactDigest> {
  const paths = await listFiles(folder)
  if (paths.length === 0) throw problem('invalid', 'The artefact folder holds no file, so there is nothing to digest.')
  const files: ArtifactFile[] = []
  for (const path of paths) files.push(await describeFile(folder, path))
  return { digest: digestOfFiles(files), files: sortedByPath(files) }
}

/** The same digest, from a manifest that somebody else made (a registry, an attestation). The order does not matter. */
export function digestOfFiles(files: readonly ArtifactFile[]): string {
  const manifest = sortedByPath(files).map(({ path, size, sha256 }) => ({ path, size, sha256 }))
  return `sha256:${sha256Hex(canonicalize(manifest) ?? '')}`
}

/**
 * The root by which an OpenSSF Model Signing statement (`https://model_signing/signature/v1.0`) names the same files:
 * SHA-256 over the concatenated raw file digests in the order of the paths. It covers no names or sizes by itself,
 * which is why our own digest is the one above.
 */
export function openSsfRoot(files: readonly ArtifactFile[]): string {
  return sha256Hex(Buffer.concat(sortedByPath(files).map((file) => Buffer.from(file.sha256, 'hex'))))
}

function sortedByPath(files: readonly ArtifactFile[]): ArtifactFile[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

async function listFiles(folder: string): Promise<string[]> {
  const found: string[] = []
  const pending: { path: string; depth: number }[] = [{ path: '', depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > depthMax) throw problem('invalid', `The artefact has folders nested deeper than ${depthMax}.`)
    for (const entry of await readEntries(join(folder, next.path))) {
      const path = next.path === '' ? entry.name : `${next.path}/${entry.name}`
      if (entry.isDirectory()) pending.push({ path, depth: next.depth + 1 })
      else if (entry.isFile()) found.push(path)
      else throw problem('invalid', `${path} is neither a file nor a folder: an artefact must hold its bytes itself.`)
      if (found.length + pending.length > filesMax)
        throw problem(
          'invalid',
          `The artefact holds more than ${filesMax} entries: give the folder of the model alone.`,
        )
    }
  }
  return found
}

async function readEntries(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (cause) {
    throw problem('not-found', 'The artefact folder cannot be read: check that the path names a folder.', {}, { cause })
  }
}

async function describeFile(folder: string, path: string): Promise<ArtifactFile> {
  const file = join(folder, path)
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(file)) {
    const bytes = chunk as Buffer
    size += bytes.length
    hash.update(bytes)
  }
  const { size: sizeAfter } = await stat(file)
  if (sizeAfter !== size) throw problem('conflict', `${path} changed while it was read: digest it when it is complete.`)
  return { path, size, sha256: hash.digest('hex') }
}

function sha256Hex(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
