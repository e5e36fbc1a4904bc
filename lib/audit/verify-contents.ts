import { saltedDigest } from './canonical.ts'
import { StoredContent } from './content.ts'
import { readEntries, type ContentLine, type EntryLine } from './entries-file.ts'
import { ENTRIES_FILE } from './export-files.ts'
import type { Findings } from './export-finding.ts'
import { AuditFormatError } from './format-error.ts'
import type { Leaf } from './leaf.ts'

/**
 * How many contents fitted their leaves, were stated as erased, or had no trustworthy leaf to compare with; and how many of
 * those that fitted name a person by a digest whose personal part is not in the export (erased or left out).
 */
export type ContentCounts = { checked: number; erased: number; unjudged: number; unnamed: number }

export const noContents: ContentCounts = { checked: 0, erased: 0, unjudged: 0, unnamed: 0 }

/** Compares contents with leaves as these stream past, in order of index. */
export type ContentCheck = {
  /** Leaf `index` of the log; undefined when its bytes are not to be trusted. */
  take(index: number, leaf: Leaf | undefined): Promise<void>
  /** After the last leaf. */
  finish(): Promise<ContentCounts>
}

/** Checks `entries.ndjson` against the leaves; with `complete`, a leaf without a line is a finding. */
export function checkContents(folder: string, complete: boolean, findings: Findings): ContentCheck {
  const lines = orderedLines(folder, findings)
  const counts: ContentCounts = { ...noContents }
  let next: IteratorResult<ContentLine, void> | undefined
  let stopped = false
  const peek = async (): Promise<ContentLine | undefined> => {
    next ??= await lines.next()
    stopped ||= next.done === true
    return next.done ? undefined : next.value
  }
  return {
    take: async (index, leaf) => {
      const line = stopped ? undefined : await peek()
      if (line?.index === index) {
        next = undefined
        judge(line, leaf, counts, findings)
      } else if (complete) {
        const id = leaf === undefined ? {} : { id: leaf.id }
        const message = `leaf ${index} has no line, and the export should be complete`
        findings.add({ kind: 'content-missing', where: ENTRIES_FILE, index, ...id, message })
      }
    },
    finish: async () => {
      for (let line = stopped ? undefined : await peek(); line !== undefined; line = await peek()) {
        next = undefined
        const message = `has content for leaf ${line.index}, which the log does not have`
        findings.add({ kind: 'content-mismatch', where: ENTRIES_FILE, index: line.index, message })
      }
      return counts
    },
  }
}

function judge(line: ContentLine, leaf: Leaf | undefined, counts: ContentCounts, findings: Findings): void {
  if (leaf === undefined) {
    counts.unjudged++
    return
  }
  if ('erased' in line) {
    counts.erased++
    return
  }
  const { index } = line
  const wrong = (message: string) =>
    findings.add({ kind: 'content-mismatch', where: ENTRIES_FILE, index, id: leaf.id, message })
  if (saltedDigest(Buffer.from(line.salt, 'hex'), line.entry) !== leaf.digest)
    return wrong(`content and salt of entry ${leaf.id} do not give the digest in leaf ${index}: it was altered`)
  const named = StoredContent.safeParse(line.entry).data?.actor.person
  if (line.person === undefined || line.personSalt === undefined) {
    if (line.person !== undefined || line.personSalt !== undefined)
      return wrong(`entry ${leaf.id} (leaf ${index}) has half of a personal part: person and personSalt go together`)
    if (named !== undefined) counts.unnamed++
  } else if (saltedDigest(Buffer.from(line.personSalt, 'hex'), line.person) !== named) {
    return wrong(`the personal part of entry ${leaf.id} (leaf ${index}) is not the one that its content names`)
  }
  counts.checked++
}

/** The lines that give contents, until the last line or the first fault, which becomes a finding. */
async function* orderedLines(folder: string, findings: Findings): AsyncGenerator<ContentLine, void> {
  let contents = 0
  let previous = -1
  let ended: Extract<EntryLine, { lines: number }> | undefined
  try {
    for await (const { line, value } of readEntries(folder)) {
      if (ended !== undefined) throw new AuditFormatError('malformed', `line ${line} comes after the last line`)
      if ('lines' in value) {
        ended = value
        continue
      }
      if (value.index <= previous)
        throw new AuditFormatError('malformed', `line ${line} (leaf ${value.index}) is out of order`)
      previous = value.index
      contents++
      yield value
    }
    if (ended === undefined) throw new AuditFormatError('malformed', 'the last line, {"lines":n}, is missing: cut off')
    if (ended.lines !== contents)
      throw new AuditFormatError('malformed', `the last line counts ${ended.lines} lines, there are ${contents}`)
  } catch (error) {
    // The digest over all lines says again what was already said of one of them.
    const isTold = findings.list.some(({ where }) => where === ENTRIES_FILE)
    if (error instanceof AuditFormatError && error.code === 'inconsistent' && isTold) return
    const message = error instanceof AuditFormatError ? error.message : `cannot be read: ${String(error)}`
    findings.add({
      kind: 'content-malformed',
      where: ENTRIES_FILE,
      message: `${message}; nothing after it was checked`,
    })
  }
}
