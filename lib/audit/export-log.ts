import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { problem } from '#lib/platform/errors.ts'
import { writeEntries, type ContentLine } from './entries-file.ts'
import { KEY_FILE, README_FILE } from './export-files.ts'
import { readmeOf } from './export-readme.ts'
import { logVerifierKey } from './log-key.ts'
import { permit, record } from './permit.ts'
import { selectContents, selectHead, selectLeaves } from './queries.ts'
import { EMPTY_TAIL, writeExport } from './write-export.ts'

/**
 * What of the entries goes with the log: `all`; `impersonal`, what was done without who did it; `none`, the log alone. The
 * proofs are the same: a leaf commits to the content, the content to the person.
 */
export const exportDetails = ['all', 'impersonal', 'none'] as const
export type ExportDetail = (typeof exportDetails)[number]

export type ExportedLog = { folder: string; size: number; root: string; vkey: string; contents: number }

/** Rows a query: some hundred KiB in memory, whatever the log's size. */
const pageRows = 512

/**
 * Writes the log as it stood at its newest checkpoint into an empty folder (C2SP tlog-tiles), with the contents of this
 * workspace's entries; those of others stay the salted digests that their leaves hold. The export is an entry itself,
 * made before the first byte is read.
 * @throws `forbidden`, `invalid` for a folder that holds something, `unavailable` before the first checkpoint
 */
export async function exportLog(ctx: Ctx, folder: string, detail: ExportDetail = 'all'): Promise<ExportedLog> {
  await permit(ctx, 'audit:export')
  await mkdir(folder, { recursive: true })
  if ((await readdir(folder)).length > 0)
    throw problem('invalid', 'The folder to export into is not empty. Name a new one.', {
      errors: [{ path: 'folder', message: 'must be empty' }],
    })
  const { head, vkey } = await readHead(ctx.db)
  await record(ctx, {
    action: 'audit:export',
    resource: { kind: 'log', id: ctx.config.logOrigin },
    outcome: 'done',
    because: 'asked for',
    after: { size: head.size, root: head.root, detail },
  })
  await writeExport(folder, leavesOf(ctx.db, head.size), {
    tail: EMPTY_TAIL,
    durable: false,
    checkpoint: () => head.note,
  })
  const contents = contentsOf(ctx.db, ctx.workspaceId, head.size, detail === 'all')
  const lines = detail === 'none' ? 0 : (await writeEntries(folder, contents)).lines
  await writeFile(path.join(folder, KEY_FILE), `${vkey}\n`)
  await writeFile(path.join(folder, README_FILE), readmeOf(head.size, detail === 'none' ? null : lines))
  return { folder, size: head.size, root: head.root, vkey, contents: lines }
}

async function readHead(db: Reader) {
  const [head, vkey] = [await selectHead(db), await logVerifierKey(db)]
  if (!head || vkey === undefined)
    throw problem('unavailable', 'The log has no checkpoint yet: a worker makes the first one. Try again in a minute.')
  return { head, vkey }
}

async function* leavesOf(db: Reader, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < size; from += pageRows) {
    const to = Math.min(size, from + pageRows)
    const leaves = await selectLeaves(db, from, to)
    if (leaves.length !== to - from) throw new Error(`the log lacks leaves between ${from} and ${to}`)
    yield* leaves
  }
}

async function* contentsOf(
  db: Reader,
  workspaceId: string,
  size: number,
  isPersonal: boolean,
): AsyncGenerator<ContentLine> {
  let after = -1
  for (;;) {
    const rows = await selectContents(db, { workspaceId, after, size, limit: pageRows })
    for (const { index, content, salt, person, personSalt } of rows) {
      after = Number(index)
      const who =
        isPersonal && person !== null
          ? { person: JSON.parse(person) as unknown, personSalt: hexOf(personSalt ?? '') }
          : {}
      yield content === null
        ? { index: after, erased: true }
        : { index: after, entry: JSON.parse(content), salt: hexOf(salt), ...who }
    }
    if (rows.length < pageRows) return
  }
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex')
}
