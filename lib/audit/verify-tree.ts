import type { Checkpoint } from './checkpoint.ts'
import { LEAF_BYTES_MAX } from './canonical.ts'
import { earlierWidths, readExportFile } from './export-files.ts'
import { collectFindings, type Findings } from './export-finding.ts'
import { AuditFormatError } from './format-error.ts'
import { EMPTY_ROOT, HASH_BYTES, leafHash, sameHash, type Hash } from './merkle.ts'
import { EMPTY_EDGE, edgeRoot, growEdge, perfectRoot, readEdge, tileHashes, type RightEdge } from './right-edge.ts'
import { TILE_WIDTH, bundlePath, decodeBundle, tilePath, tileWidth } from './tiles.ts'

export type TreeCheck = {
  readonly folder: string
  readonly checkpoint: Checkpoint
  readonly findings: Findings
  /** The size whose root is wanted too, to compare with an earlier checkpoint. */
  readonly earlierSize: number | undefined
  /** Hears of every leaf in order; undefined when its bytes are not those that the log committed to. */
  readonly onLeaf: (index: number, entry: Uint8Array | undefined) => Promise<void>
}

/** Roots that the entries hash to; undefined where a bundle and its tile were both unusable. */
export type TreeRoots = { readonly root: Hash | undefined; readonly earlierRoot: Hash | undefined }

/**
 * Recomputes the tree from the entry bundles, bundle by bundle, and compares it with every tile.
 *
 * When a bundle and its level-0 tile disagree, whichever the rest of the tree vouches for (the hash one level up, or on the
 * right edge the signed root) is believed and the other is named; the recomputation goes on with the believed one. So
 * one bad file gives findings about that file alone and hides no second fault elsewhere.
 */
export async function verifyTree(check: TreeCheck): Promise<TreeRoots> {
  const { size } = check.checkpoint
  let edge: RightEdge = EMPTY_EDGE
  let earlierRoot = check.earlierSize === 0 ? EMPTY_ROOT : undefined
  let whole = true
  for (let index = 0; index * TILE_WIDTH < size; index++) {
    const width = tileWidth(size, 0, index)
    const leaves = await judgeBundle(check, index, width)
    whole &&= leaves !== undefined
    const believed = leaves ?? Array.from({ length: width }, () => EMPTY_ROOT)
    const cut = (check.earlierSize ?? -1) - edge.size
    if (cut > 0 && cut <= width) earlierRoot = whole ? edgeRoot(growEdge(edge, believed.slice(0, cut)).edge) : undefined
    const grown = growEdge(edge, believed)
    for (const tile of grown.tiles)
      if (tile.level > 0 && tile.width === tileWidth(size, tile.level, tile.index))
        await checkTile(check, tile.level, tile.index, tileHashes(tile.bytes, tile.width), whole)
    edge = grown.edge
  }
  return { root: whole ? edgeRoot(edge) : undefined, earlierRoot }
}

/** The leaf hashes of one bundle that are to be believed, or undefined if neither bundle nor tile can be read. */
async function judgeBundle(check: TreeCheck, index: number, width: number): Promise<Hash[] | undefined> {
  const entries = await readBundle(check, index, width)
  const computed = entries?.map(leafHash)
  const held = await readTile(check, 0, index, width, check.findings)
  const believed = await believe(check, index, width, computed, held)
  for (let i = 0; i < width; i++) {
    const entry = entries?.[i]
    const [mine, right] = [computed?.[i], believed?.[i]]
    const trusted = mine !== undefined && right !== undefined && sameHash(mine, right)
    await check.onLeaf(index * TILE_WIDTH + i, trusted ? entry : undefined)
  }
  if (believed !== undefined) {
    await checkEarlierTiles(check, 0, index, believed)
    await checkEarlierBundles(check, index, believed)
  }
  return believed
}

async function believe(
  check: TreeCheck,
  index: number,
  width: number,
  computed: Hash[] | undefined,
  held: Hash[] | undefined,
): Promise<Hash[] | undefined> {
  if (computed === undefined) {
    if (held !== undefined && !(await isVouchedFor(check, index, held))) nameTile(check, 0, index, width, 0)
    return held
  }
  if (held === undefined) return computed
  const wrong = computed.flatMap((hash, i) => (sameHash(hash, held[i] as Hash) ? [] : [i]))
  if (wrong.length === 0) return computed
  const tileIsRight = await isVouchedFor(check, index, held)
  if (!tileIsRight) nameTile(check, 0, index, width, wrong[0] ?? 0)
  if (!tileIsRight && (await isVouchedFor(check, index, computed))) return computed
  const where = bundlePath(index, width)
  for (const i of wrong) {
    const leaf = index * TILE_WIDTH + i
    const message = `entry ${i} of the bundle (leaf ${leaf}) does not hash to the leaf that the log committed to`
    check.findings.add({ kind: 'entry-mismatch', where, index: leaf, message })
  }
  return tileIsRight ? held : computed
}

/** Does the rest of the tree, as the files hold it, lead to these leaf hashes? */
async function isVouchedFor(check: TreeCheck, index: number, leaves: Hash[]): Promise<boolean> {
  const { size, root } = check.checkpoint
  // Faults of the files looked at here are named when their own turn comes.
  const quiet = collectFindings()
  if (leaves.length === TILE_WIDTH) {
    const parent = Math.floor(index / TILE_WIDTH)
    const hashes = await readTile(check, 1, parent, tileWidth(size, 1, parent), quiet)
    const expected = hashes?.[index % TILE_WIDTH]
    return expected !== undefined && sameHash(expected, perfectRoot(leaves))
  }
  try {
    const edge = await readEdge(size, async ({ level, index, width }) => {
      const hashes = level === 0 ? leaves : await readTile(check, level, index, width, quiet)
      return Buffer.concat(hashes ?? [])
    })
    return sameHash(edgeRoot(edge), root)
  } catch (error) {
    if (error instanceof AuditFormatError) return false
    throw error
  }
}

async function checkTile(
  check: TreeCheck,
  level: number,
  index: number,
  hashes: Hash[],
  whole: boolean,
): Promise<void> {
  const held = await readTile(check, level, index, hashes.length, check.findings)
  // After an unreadable stretch the recomputed hashes mean nothing, and that stretch has been named.
  if (!whole) return
  const wrong = held?.findIndex((hash, i) => !sameHash(hash, hashes[i] as Hash)) ?? -1
  if (wrong >= 0) nameTile(check, level, index, hashes.length, wrong)
  await checkEarlierTiles(check, level, index, hashes)
}

async function checkEarlierTiles(check: TreeCheck, level: number, index: number, hashes: Hash[]): Promise<void> {
  const full = tilePath(level, index, TILE_WIDTH)
  for (const width of await earlierWidths(check.folder, full, hashes.length)) {
    const held = await readTile(check, level, index, width, check.findings)
    const wrong = held?.findIndex((hash, i) => !sameHash(hash, hashes[i] as Hash)) ?? -1
    if (wrong >= 0) nameTile(check, level, index, width, wrong)
  }
}

async function checkEarlierBundles(check: TreeCheck, index: number, hashes: Hash[]): Promise<void> {
  for (const width of await earlierWidths(check.folder, bundlePath(index, TILE_WIDTH), hashes.length)) {
    const entries = await readBundle(check, index, width)
    const wrong = entries?.findIndex((entry, i) => !sameHash(leafHash(entry), hashes[i] as Hash)) ?? -1
    if (wrong < 0) continue
    const leaf = index * TILE_WIDTH + wrong
    const message = `entry ${wrong} of the bundle (leaf ${leaf}) is not the one that the log committed to`
    check.findings.add({ kind: 'entry-mismatch', where: bundlePath(index, width), index: leaf, message })
  }
}

async function readBundle(check: TreeCheck, index: number, width: number): Promise<Uint8Array[] | undefined> {
  const where = bundlePath(index, width)
  const bounds = { min: 2 * width, max: (2 + LEAF_BYTES_MAX) * width }
  const bytes = await readExportFile(check.folder, where, bounds, check.findings)
  if (bytes === undefined) return undefined
  try {
    return decodeBundle(bytes, width)
  } catch (error) {
    if (!(error instanceof AuditFormatError)) throw error
    check.findings.add({ kind: 'bundle-malformed', where, message: error.message })
    return undefined
  }
}

async function readTile(
  check: TreeCheck,
  level: number,
  index: number,
  width: number,
  findings: Findings,
): Promise<Hash[] | undefined> {
  const length = width * HASH_BYTES
  const bytes = await readExportFile(
    check.folder,
    tilePath(level, index, width),
    { min: length, max: length },
    findings,
  )
  return bytes === undefined ? undefined : tileHashes(bytes, width)
}

function nameTile(check: TreeCheck, level: number, index: number, width: number, position: number): void {
  const message = `hash ${position} of the tile is not what the log committed to`
  check.findings.add({ kind: 'tile-mismatch', where: tilePath(level, index, width), message })
}
