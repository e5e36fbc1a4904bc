import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { openCheckpoint, parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { AuditFormatError } from './format-error.ts'
import { leafHash, sameHash, type Hash } from './merkle.ts'
import type { NoteVerifier } from './note-key.ts'
import { EMPTY_EDGE, edgeRoot, growEdge, readEdge, type RightEdge } from './right-edge.ts'
import { splitNote } from './signed-note.ts'
import { TILE_WIDTH, bundlePath, decodeBundle, encodeBundle, tilePath } from './tiles.ts'

/** Half-written files live here, inside the log's folder so that the rename stays on one file system. */
const STAGING = '.staging'

/** Where a log's writing goes on: its right edge and the entries of its partial bundle. */
export type LogTail = { readonly edge: RightEdge; readonly open: readonly Uint8Array[] }

export const EMPTY_TAIL: LogTail = { edge: EMPTY_EDGE, open: [] }

export type WriteOptions = {
  /** Where to go on; `EMPTY_TAIL` for a new folder, `readTail` for one that exists. */
  readonly tail: LogTail
  /** Gives the signed checkpoint of the log that was just written: signs it, or hands over the one signed before. */
  readonly checkpoint: (head: { size: number; root: Hash }) => Promise<string> | string
  /** True waits for the disk (fsync) before each rename: for the served log, which must survive a power cut. */
  readonly durable: boolean
}

/**
 * Writes a log as a static folder (C2SP tlog-tiles): every bundle before the tiles over it, every tile before the
 * checkpoint, each file whole by rename. Holds one bundle in memory, whatever the number of leaves. A file that exists with
 * other bytes stops it (code `immutable-differs`): published tiles never change. So does a checkpoint that is not of
 * the tree just written (code `inconsistent`). One writer for a folder at a time.
 */
export async function writeExport(
  folder: string,
  leaves: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: WriteOptions,
): Promise<{ size: number; root: Hash }> {
  const files = await stagedFiles(folder, options.durable)
  let edge = options.tail.edge
  let entries = [...options.tail.open]
  let pending: Uint8Array[] = []
  const flush = async (): Promise<void> => {
    const index = Math.floor(edge.size / TILE_WIDTH)
    entries.push(...pending)
    await files.writeImmutable(bundlePath(index, entries.length), encodeBundle(entries))
    const grown = growEdge(edge, pending.map(leafHash))
    for (const { level, index, bytes, width } of grown.tiles)
      if (level === 0 || width === TILE_WIDTH) await files.writeImmutable(tilePath(level, index, width), bytes)
    edge = grown.edge
    if (entries.length === TILE_WIDTH) entries = []
    pending = []
  }
  for await (const leaf of leaves) {
    pending.push(leaf)
    if (entries.length + pending.length === TILE_WIDTH) await flush()
  }
  if (pending.length > 0) await flush()
  await writeOpenTiles(files, options.tail.edge, edge)
  const head = { size: edge.size, root: edgeRoot(edge) }
  const note = await options.checkpoint(head)
  assertCheckpointOf(parseCheckpoint(splitNote(note).text), head)
  await files.replace('checkpoint', Buffer.from(note, 'utf8'))
  await files.close()
  return head
}

/**
 * The tail of a log folder, to go on writing. The checkpoint's signature and its agreement with the tiles are checked, so
 * that a damaged folder is never extended.
 */
export async function readTail(
  folder: string,
  verifiers: readonly NoteVerifier[],
): Promise<LogTail & { checkpoint: Checkpoint }> {
  const { checkpoint } = openCheckpoint(await readFile(path.join(folder, 'checkpoint')), verifiers)
  const edge = await readEdge(checkpoint.size, ({ level, index, width }) =>
    readFile(path.join(folder, tilePath(level, index, width))),
  )
  assertCheckpointOf(checkpoint, { size: edge.size, root: edgeRoot(edge) })
  const width = checkpoint.size % TILE_WIDTH
  const index = Math.floor(checkpoint.size / TILE_WIDTH)
  const open = width === 0 ? [] : decodeBundle(await readFile(path.join(folder, bundlePath(index, width))), width)
  const hashes = edge.levels[0] ?? []
  if (!open.every((entry, i) => sameHash(leafHash(entry), hashes[i] as Hash)))
    throw new AuditFormatError('inconsistent', `${bundlePath(index, width)} does not fit its tile`)
  return { edge, open, checkpoint }
}

/** The partial tiles above level 0 are written once, at the end: only those of the published size are ever asked for. */
async function writeOpenTiles(files: StagedFiles, before: RightEdge, after: RightEdge): Promise<void> {
  for (const [level, hashes] of after.levels.entries()) {
    const held = Math.floor(before.size / TILE_WIDTH ** level)
    const now = Math.floor(after.size / TILE_WIDTH ** level)
    if (level === 0 || hashes.length === 0 || now === held) continue
    const index = Math.floor(now / TILE_WIDTH)
    await files.writeImmutable(tilePath(level, index, hashes.length), Buffer.concat(hashes))
  }
}

function assertCheckpointOf(checkpoint: Checkpoint, head: { size: number; root: Hash }): void {
  if (checkpoint.size !== head.size || !sameHash(checkpoint.root, head.root))
    throw new AuditFormatError(
      'inconsistent',
      `the checkpoint is of ${checkpoint.size} entries, the tiles are of ${head.size} or have another root`,
    )
}

type StagedFiles = {
  writeImmutable(relative: string, bytes: Uint8Array): Promise<void>
  replace(relative: string, bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

async function stagedFiles(folder: string, durable: boolean): Promise<StagedFiles> {
  const staging = path.join(folder, STAGING)
  // What a killed writer left behind was never renamed, hence never published.
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true })
  const replace = async (relative: string, bytes: Uint8Array): Promise<void> => {
    const target = path.join(folder, relative)
    const staged = path.join(staging, 'file')
    await mkdir(path.dirname(target), { recursive: true })
    await writeWhole(staged, bytes, durable)
    await rename(staged, target)
    if (durable) await syncFolder(path.dirname(target))
  }
  return {
    replace,
    writeImmutable: async (relative, bytes) => {
      const held = await readIfPresent(path.join(folder, relative))
      if (held === undefined) return replace(relative, bytes)
      if (!held.equals(bytes))
        throw new AuditFormatError('immutable-differs', `${relative} exists with other bytes: the log has forked`)
    },
    close: () => rm(staging, { recursive: true, force: true }),
  }
}

async function writeWhole(file: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(bytes)
    if (durable) await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function readIfPresent(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
