import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { canonicalBytes } from './canonical.ts'
import { ENTRIES_FILE } from './export-files.ts'
import { AuditFormatError } from './format-error.ts'

/** Longer lines are refused: the reader holds one line in memory. */
export const ENTRY_LINE_BYTES_MAX = 16 * 1024 * 1024

const index = z.int().min(0)
const salt = z.string().regex(/^([0-9a-f]{2}){16,64}$/)
const EntryLine = z.union([
  z.strictObject({ index, entry: z.unknown(), salt, person: z.unknown().optional(), personSalt: salt.optional() }),
  z.strictObject({ index, erased: z.literal(true) }),
  z.strictObject({
    lines: z.int().min(0),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
  }),
])

/**
 * A line of `entries.ndjson`, in RFC 8785 form, ascending by index:
 * `{"entry":…,"index":n,"salt":"hex"}` gives a leaf's content, with `person` and `personSalt` who it was, unless that was
 * erased or left out; `{"erased":true,"index":n}` says that the content was erased. The last line,
 * `{"lines":n,"sha256":"hex"}`, counts the lines before it and gives the SHA-256 of their bytes, so that neither a file cut at a
 * line's end nor a change to a line that no leaf speaks for passes. The first exports had no `sha256`.
 */
export type EntryLine = z.infer<typeof EntryLine>
export type ContentLine = Exclude<EntryLine, { lines: number }>

/** Writes `entries.ndjson` beside the tiles, with its last line; one entry in memory at a time. */
export async function writeEntries(
  folder: string,
  lines: AsyncIterable<ContentLine> | Iterable<ContentLine>,
): Promise<{ lines: number }> {
  const handle = await open(path.join(folder, ENTRIES_FILE), 'w')
  let count = 0
  let last = -1
  const hash = createHash('sha256')
  try {
    for await (const line of lines) {
      if (line.index <= last)
        throw new AuditFormatError('malformed', `entry ${line.index} comes after ${last}: sort them by index`)
      const bytes = encodeLine(line)
      hash.update(bytes)
      await handle.appendFile(bytes)
      last = line.index
      count++
    }
    await handle.appendFile(encodeLine({ lines: count, sha256: hash.digest('hex') }))
    await handle.sync()
  } finally {
    await handle.close()
  }
  return { lines: count }
}

/** Reads `entries.ndjson` line by line. Throws `AuditFormatError` naming the line, which ends the reading. */
export async function* readEntries(folder: string): AsyncGenerator<{ line: number; value: EntryLine }> {
  let line = 0
  const hash = createHash('sha256')
  for await (const bytes of splitLines(path.join(folder, ENTRIES_FILE))) {
    line++
    const value = decodeLine(bytes, line)
    if (!('lines' in value)) hash.update(bytes).update('\n')
    else if (value.sha256 !== undefined && value.sha256 !== hash.copy().digest('hex'))
      throw new AuditFormatError(
        'inconsistent',
        `the lines before line ${line} are not those that were written: altered`,
      )
    yield { line, value }
  }
}

function encodeLine(line: EntryLine): Buffer {
  const parsed = EntryLine.safeParse(line)
  if (!parsed.success) throw new AuditFormatError('malformed', `not an entry line: ${z.prettifyError(parsed.error)}`)
  const bytes = canonicalBytes(parsed.data)
  if (bytes.length > ENTRY_LINE_BYTES_MAX)
    throw new AuditFormatError('too-large', `an entry line has ${bytes.length} bytes; ${ENTRY_LINE_BYTES_MAX} are read`)
  return Buffer.concat([bytes, Buffer.from('\n')])
}

function decodeLine(bytes: Buffer, line: number): EntryLine {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw new AuditFormatError('malformed', `line ${line} is not UTF-8 JSON`, { cause })
  }
  const parsed = EntryLine.safeParse(value)
  if (!parsed.success)
    throw new AuditFormatError('malformed', `line ${line} is not an entry line: ${z.prettifyError(parsed.error)}`)
  if (!canonicalBytes(value).equals(bytes))
    throw new AuditFormatError('malformed', `line ${line} is not in canonical form`)
  return parsed.data
}

async function* splitLines(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r')
  try {
    let held: Buffer[] = []
    let heldBytes = 0
    for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
        yield Buffer.concat([...held, chunk.subarray(start, end)])
        held = []
        heldBytes = 0
        start = end + 1
      }
      held.push(chunk.subarray(start))
      heldBytes += chunk.length - start
      if (heldBytes > ENTRY_LINE_BYTES_MAX)
        throw new AuditFormatError('too-large', `a line has more than ${ENTRY_LINE_BYTES_MAX} bytes`)
    }
    if (heldBytes > 0) throw new AuditFormatError('malformed', 'the last line has no newline: the file was cut')
  } finally {
    await handle.close()
  }
}
