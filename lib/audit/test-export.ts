import { createHash, createPrivateKey } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { saltedDigest } from './canonical.ts'
import { signCheckpoint } from './checkpoint.ts'
import { writeEntries, type ContentLine } from './entries-file.ts'
import { KEY_FILE } from './export-files.ts'
import { leafBytes } from './leaf.ts'
import { proveConsistency } from './merkle-proof.ts'
import { encodeVerifierKey, noteSigner, type NoteSigner } from './note-key.ts'
import { perfectRoot } from './right-edge.ts'
import { leafHash } from './merkle.ts'
import { EMPTY_TAIL, readTail, writeExport } from './write-export.ts'

/** A made-up entry's content: what the real ones look like, without anybody real. */
export const contentOf = (index: number): unknown => ({
  v: 1,
  action: 'rollout:advance',
  resource: `rollout/${index}`,
  outcome: 'done',
  because: `step ${index % 4} held for its time — ✓`,
})

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const saltOf = (index: number): string => digestOf(`salt ${index}`)

/** The leaf of that content, equal on every run. */
export function testLeaf(index: number): Buffer {
  return leafBytes({
    v: 1,
    id: `ae_${String(index).padStart(26, '0')}`,
    time: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
    kind: 'rollout:advance',
    digest: saltedDigest(Buffer.from(saltOf(index), 'hex'), contentOf(index)),
    mac: digestOf(`mac ${index}`),
  })
}

/** Leaves `from` to `to`, made as they are asked for. */
export function* testLeaves(from: number, to: number): Generator<Buffer> {
  for (let index = from; index < to; index++) yield testLeaf(index)
}

/** A signer whose key is made from a public word: for tests only, worth nothing. */
export function testSigner(name: string): NoteSigner {
  const seed = createHash('sha256').update(`seed of ${name}`).digest()
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  return noteSigner(name, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
}

/** Writes an export whose log was published at each of `sizes`, with its key and, if asked, its contents. */
export async function makeExport(
  folder: string,
  signer: NoteSigner,
  sizes: readonly number[],
  contents: boolean,
): Promise<{ vkey: string; checkpoints: string[] }> {
  await mkdir(folder, { recursive: true })
  const checkpoints: string[] = []
  for (const [turn, size] of sizes.entries()) {
    const before = turn === 0 ? undefined : await readTail(folder, [signer])
    const from = before?.checkpoint.size ?? 0
    await writeExport(folder, testLeaves(from, size), {
      tail: before ?? EMPTY_TAIL,
      durable: false,
      checkpoint: async ({ size, root }) => {
        const next = { origin: signer.name, size, root }
        const proof = before === undefined ? [] : await proveConsistency(from, size, hashReader(size))
        const previous =
          before === undefined ? ('nothing-signed-yet' as const) : { checkpoint: before.checkpoint, proof }
        const note = signCheckpoint(next, previous, [signer])
        checkpoints.push(note)
        return note
      },
    })
  }
  const vkey = encodeVerifierKey(signer)
  await writeFile(path.join(folder, KEY_FILE), `${vkey}\n`)
  if (contents) await writeEntries(folder, contentLines(sizes.at(-1) ?? 0))
  return { vkey, checkpoints }
}

/** Every file of a folder, relative, sorted. */
export async function filesOf(folder: string): Promise<string[]> {
  const items = await readdir(folder, { recursive: true, withFileTypes: true })
  return items
    .filter((item) => item.isFile())
    .map((item) => path.relative(folder, path.join(item.parentPath, item.name)))
    .sort()
}

function* contentLines(size: number): Generator<ContentLine> {
  for (let index = 0; index < size; index++)
    yield index % 7 === 3 ? { index, erased: true } : { index, entry: contentOf(index), salt: saltOf(index) }
}

function hashReader(size: number) {
  const hashes = [...testLeaves(0, size)].map(leafHash)
  return (nodes: readonly { height: number; index: number }[]) =>
    nodes.map(({ height, index }) => perfectRoot(hashes.slice(index * 2 ** height, (index + 1) * 2 ** height)))
}
