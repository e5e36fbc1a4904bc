import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { followCounters, type CounterReport } from './counters.ts'
import {
  CHECKPOINT_FILE,
  ENTRIES_FILE,
  KEY_FILE,
  README_FILE,
  exists,
  findExtraFiles,
  readExportFile,
} from './export-files.ts'
import { collectFindings, type Finding, type Findings } from './export-finding.ts'
import { contentsNamedIn, readmesOf } from './export-readme.ts'
import { AuditFormatError } from './format-error.ts'
import { parseLeaf, type Leaf } from './leaf.ts'
import { sameHash, type Hash } from './merkle.ts'
import { parseVerifierKey, type NoteVerifier } from './note-key.ts'
import { TILE_WIDTH, bundlePath, tileWidth } from './tiles.ts'
import { checkContents, noContents, type ContentCheck, type ContentCounts } from './verify-contents.ts'
import { verifyTree } from './verify-tree.ts'

const NOTE_BYTES_MAX = 1_000_000
const KEY_BYTES_MAX = 1_000

export type VerifyOptions = {
  /**
   * The log's verifier key or keys, obtained elsewhere than from this folder. Without it the key in the folder is
   * used, which shows only that the folder agrees with itself.
   */
  readonly vkey?: string | readonly string[]
  /** The log that this should be. Without it a checkpoint's origin is compared with nothing but its own key's name. */
  readonly origin?: string
  /** A signed checkpoint that was kept from before: the log must extend it. */
  readonly previousCheckpoint?: string
  /** `if-present` (default) checks the contents that are there; `complete` also demands one for every leaf. */
  readonly entries?: 'if-present' | 'complete'
  /** `audit` (default) demands that every leaf is an audit leaf; `opaque` checks the tree alone, for a foreign log. */
  readonly leaves?: 'audit' | 'opaque'
}

export type VerifyReport = {
  /** No finding at all. Read it together with `keyTrusted`. */
  readonly ok: boolean
  readonly keyTrusted: boolean
  readonly origin: string | null
  /** Of the checkpoint, if its signature holds. */
  readonly size: number | null
  /** Base64 root that the entries hash to; null if they could not all be read. */
  readonly root: string | null
  readonly contents: ContentCounts
  /** What the processes' counters say of entries that never got a place; null where the leaves were not read. */
  readonly counters: CounterReport | null
  readonly findings: readonly Finding[]
  /** Findings beyond the bound of the list. */
  readonly findingsOmitted: number
  readonly notes: readonly string[]
}

/**
 * Verifies an exported log folder with neither network nor database: signature, every entry, every tile, every content.
 * Damage is reported, never thrown; what is thrown is a wrong argument (`AuditFormatError` code `key-invalid`).
 * Memory is bounded by one bundle and one content line.
 */
export async function verifyExport(folder: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const findings = collectFindings()
  const notes: string[] = []
  const trusted = [options.vkey ?? []].flat().map(parseVerifierKey)
  const verifiers = await chooseKeys(folder, trusted, [options.vkey ?? []].flat(), findings, notes)
  const checkpoint = await readCheckpoint(folder, verifiers, findings)
  let root: Hash | undefined
  let contents = noContents
  let counters: CounterReport | null = null
  if (checkpoint === undefined) {
    notes.push('Without a valid checkpoint there is nothing to hold entries and tiles against: they were not checked.')
  } else {
    const checked = await checkLog({ folder, checkpoint, verifiers, findings, options })
    root = checked.root
    contents = checked.contents
    counters = checked.counters
    notes.push(...notesOf(counters))
  }
  return {
    ok: findings.list.length === 0,
    keyTrusted: trusted.length > 0,
    origin: checkpoint?.origin ?? null,
    size: checkpoint?.size ?? null,
    root: root === undefined ? null : Buffer.from(root).toString('base64'),
    contents,
    counters,
    findings: findings.list,
    findingsOmitted: findings.omitted(),
    notes,
  }
}

type LogCheck = {
  readonly folder: string
  readonly checkpoint: Checkpoint
  readonly verifiers: readonly NoteVerifier[]
  readonly findings: Findings
  readonly options: VerifyOptions
}

type Checked = { root: Hash | undefined; contents: ContentCounts; counters: CounterReport }

async function checkLog(check: LogCheck): Promise<Checked> {
  const { folder, checkpoint, findings, options } = check
  const previous = openPrevious(check)
  const complete = options.entries === 'complete'
  const hasContents = await exists(folder, ENTRIES_FILE)
  if (complete && !hasContents)
    findings.add({ kind: 'missing-file', where: ENTRIES_FILE, message: 'is missing, and contents were asked for' })
  const contentCheck = hasContents ? checkContents(folder, complete, findings) : undefined
  const counters = followCounters()
  const { root, earlierRoot } = await verifyTree({
    folder,
    checkpoint,
    findings,
    earlierSize: previous?.size,
    onLeaf: (index, entry) => hearLeaf({ ...check, contents: contentCheck, counters }, index, entry),
  })
  if (root !== undefined && !sameHash(root, checkpoint.root)) {
    const [is, signed] = [root, checkpoint.root].map((hash) => Buffer.from(hash).toString('base64'))
    const message = `the entries hash to ${is}, the log signed ${signed}`
    findings.add({ kind: 'root-mismatch', where: CHECKPOINT_FILE, message })
  }
  if (previous !== undefined) comparePrevious(previous, checkpoint, earlierRoot, findings)
  await findExtraFiles(folder, checkpoint.size, findings)
  const contents = await contentCheck?.finish()
  await checkReadme(check, contents)
  if (options.origin !== undefined && options.origin !== checkpoint.origin) {
    const message = `is of the log ${checkpoint.origin}; the one asked for is ${options.origin}`
    findings.add({ kind: 'origin-differs', where: CHECKPOINT_FILE, message })
  }
  return { root, contents: contents ?? noContents, counters: counters.report() }
}

type LeafCheck = LogCheck & { contents: ContentCheck | undefined; counters: ReturnType<typeof followCounters> }

async function hearLeaf(check: LeafCheck, index: number, entry: Uint8Array | undefined): Promise<void> {
  const { options, findings, checkpoint, contents, counters } = check
  if (options.leaves === 'opaque' && contents === undefined) return
  const bundle = Math.floor(index / TILE_WIDTH)
  const where = bundlePath(bundle, tileWidth(checkpoint.size, 0, bundle))
  let leaf: Leaf | undefined
  try {
    leaf = entry === undefined ? undefined : parseLeaf(entry)
  } catch (error) {
    if (!(error instanceof AuditFormatError)) throw error
    findings.add({ kind: 'leaf-malformed', where, index, message: `leaf ${index}: ${error.message}` })
  }
  if (leaf?.process && !counters.hear(leaf.process)) {
    const { instance, counter } = leaf.process
    const message = `leaf ${index} bears counter ${counter} of process ${instance}, which an earlier entry has used`
    findings.add({ kind: 'counter-repeated', where, index, id: leaf.id, message })
  }
  await contents?.take(index, leaf)
}

function notesOf({ missing, gaps }: CounterReport): string[] {
  if (missing === 0) return []
  const named = gaps.slice(0, 5).map(({ instance, from, to }) => `${instance}: ${from === to ? from : `${from}–${to}`}`)
  return [
    `${missing} counters of processes have no entry in this log (${named.join('; ')}${gaps.length > 5 ? '; …' : ''}). ` +
      'Either a transaction failed at its very end, or was still open, or an entry was taken out before it got its place.',
  ]
}

// Its words are made of two figures that are known here, so the whole text is.
async function checkReadme({ folder, checkpoint, findings }: LogCheck, contents: ContentCounts | undefined) {
  if (!(await exists(folder, README_FILE))) return
  const bytes = await readExportFile(folder, README_FILE, { min: 1, max: NOTE_BYTES_MAX }, findings)
  // Contents that do not fit have been named; how many there were cannot be said then.
  const isCounted = !findings.list.some(({ where }) => where === ENTRIES_FILE)
  const lines = contents ? contents.checked + contents.erased + contents.unjudged : null
  const expected = isCounted ? lines : (contentsNamedIn(bytes?.toString('utf8') ?? '') ?? lines)
  if (bytes && !readmesOf(checkpoint.size, expected).some((text) => bytes.equals(Buffer.from(text))))
    findings.add({ kind: 'readme-differs', where: README_FILE, message: 'is not the text that this export was given' })
}

async function chooseKeys(
  folder: string,
  trusted: readonly NoteVerifier[],
  texts: readonly string[],
  findings: Findings,
  notes: string[],
): Promise<readonly NoteVerifier[]> {
  const needed = trusted.length === 0
  const bytes =
    needed || (await exists(folder, KEY_FILE))
      ? await readExportFile(folder, KEY_FILE, { min: 1, max: KEY_BYTES_MAX }, findings)
      : undefined
  if (!needed) {
    notes.push('The checkpoint was held against the key that you gave.')
    if (bytes !== undefined && !texts.some((text) => bytes.equals(Buffer.from(`${text.trim()}\n`))))
      findings.add({ kind: 'key-differs', where: KEY_FILE, message: 'is not a key that you trust' })
    return trusted
  }
  notes.push(
    'No trusted key was given, so the key inside the folder was used. That proves nothing about who made the log: ' +
      'get the key from the operator by another way and give it.',
  )
  const text = bytes?.toString('utf8') ?? ''
  try {
    if (bytes === undefined) return []
    if (!text.endsWith('\n') || text.trim() !== text.slice(0, -1))
      throw new AuditFormatError('key-invalid', 'is not one line with a key')
    return [parseVerifierKey(text)]
  } catch (error) {
    if (!(error instanceof AuditFormatError)) throw error
    findings.add({ kind: 'key-invalid', where: KEY_FILE, message: error.message })
    return []
  }
}

async function readCheckpoint(
  folder: string,
  verifiers: readonly NoteVerifier[],
  findings: Findings,
): Promise<Checkpoint | undefined> {
  const bytes = await readExportFile(folder, CHECKPOINT_FILE, { min: 1, max: NOTE_BYTES_MAX }, findings)
  if (bytes === undefined || verifiers.length === 0) return undefined
  try {
    return openCheckpoint(bytes, verifiers).checkpoint
  } catch (error) {
    if (!(error instanceof AuditFormatError)) throw error
    findings.add({ kind: 'checkpoint-invalid', where: CHECKPOINT_FILE, message: error.message })
    return undefined
  }
}

function openPrevious({ verifiers, findings, options }: LogCheck): Checkpoint | undefined {
  if (options.previousCheckpoint === undefined) return undefined
  try {
    return openCheckpoint(options.previousCheckpoint, verifiers).checkpoint
  } catch (error) {
    if (!(error instanceof AuditFormatError)) throw error
    const message = `the previous checkpoint that was given cannot be used: ${error.message}`
    findings.add({ kind: 'checkpoint-invalid', where: 'previous checkpoint', message })
    return undefined
  }
}

function comparePrevious(
  previous: Checkpoint,
  checkpoint: Checkpoint,
  rootThen: Hash | undefined,
  findings: Findings,
): void {
  const where = CHECKPOINT_FILE
  if (previous.origin !== checkpoint.origin) {
    const message = `is of ${checkpoint.origin}, the previous one of ${previous.origin}`
    findings.add({ kind: 'inconsistent-with-previous', where, message })
  } else if (previous.size > checkpoint.size) {
    const message = `has ${checkpoint.size} entries, but ${previous.size} were signed before: entries were taken away`
    findings.add({ kind: 'shrunk', where, message })
  } else if (rootThen === undefined || !sameHash(rootThen, previous.root)) {
    const message = `the first ${previous.size} entries are not those that were signed before: history was rewritten`
    findings.add({ kind: 'inconsistent-with-previous', where, message })
  }
}
