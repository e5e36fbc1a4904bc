import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { authorizeRead } from '#lib/access/authorize.ts'
import { mayRecordDenial } from '#lib/access/denials.ts'
import type { Ctx } from '#lib/platform/context.ts'
import type { Reader } from '#lib/platform/db/schema.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { appendEntry, type AuditDraft } from './append.ts'
import { writeEntries, type ContentLine } from './entries-file.ts'
import { KEY_FILE, README_FILE } from './export-files.ts'
import { logVerifierKey } from './log-key.ts'
import { selectContents, selectHead, selectLeaves } from './queries.ts'
import { EMPTY_TAIL, writeExport } from './write-export.ts'

export type ExportedLog = { folder: string; size: number; root: string; vkey: string; contents: number }

/** Rows a query: some hundred KiB in memory, whatever the log's size. */
const pageRows = 512

/**
 * Writes the log as it stood at its newest checkpoint into an empty folder (C2SP tlog-tiles), with the contents of this
 * workspace's entries; those of others stay the salted digests that their leaves hold. The export is an entry itself,
 * made before the first byte is read.
 * @throws `forbidden`, `invalid` for a folder that holds something, `unavailable` before the first checkpoint
 */
export async function exportLog(ctx: Ctx, folder: string): Promise<ExportedLog> {
  await permit(ctx)
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
    after: { size: head.size, root: head.root },
  })
  await writeExport(folder, leavesOf(ctx.db, head.size), {
    tail: EMPTY_TAIL,
    durable: false,
    checkpoint: () => head.note,
  })
  const { lines } = await writeEntries(folder, contentsOf(ctx.db, ctx.workspaceId, head.size))
  await writeFile(path.join(folder, KEY_FILE), `${vkey}\n`)
  await writeFile(path.join(folder, README_FILE), readme(head.size, lines))
  return { folder, size: head.size, root: head.root, vkey, contents: lines }
}

// Below the door, so the door's three duties are done here: ask, record a denial, record the act.
async function permit(ctx: Ctx): Promise<void> {
  try {
    await authorizeRead(ctx, 'audit:export')
  } catch (error) {
    if (isProblem(error, 'forbidden') && mayRecordDenial(ctx)) {
      const resource = { kind: 'log', id: ctx.config.logOrigin }
      await record(ctx, { action: 'audit:export', resource, outcome: 'denied', because: error.message })
    }
    throw error
  }
}

async function record(ctx: Ctx, draft: AuditDraft): Promise<void> {
  await housekeep(ctx, 'sequencer', (tx) => appendEntry(tx, ctx, draft))
  ctx.notify(['audit', 'changes'])
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

async function* contentsOf(db: Reader, workspaceId: string, size: number): AsyncGenerator<ContentLine> {
  let after = -1
  for (;;) {
    const rows = await selectContents(db, { workspaceId, after, size, limit: pageRows })
    for (const row of rows) {
      after = Number(row.index)
      yield row.content === null
        ? { index: after, erased: true }
        : { index: after, entry: JSON.parse(row.content), salt: Buffer.from(row.salt, 'base64').toString('hex') }
    }
    if (rows.length < pageRows) return
  }
}

function readme(size: number, contents: number): string {
  return `This folder is an audit log of Quarterdeck: ${size} entries, of which it gives the contents of ${contents}.

  checkpoint       the signed head: origin, number of entries, root hash (C2SP signed note, tlog-checkpoint)
  tile/            hashes and entries (C2SP tlog-tiles); an entry holds a salted digest of what happened
  entries.ndjson   what happened, for the entries of one workspace: content and salt give the digest in the entry
  log.vkey         the log's public key. It proves nothing here: get it from the operator by another way

Check it, without a network and without the installation that made it:

  quarterdeck audit verify FOLDER --vkey "the key that you got by another way"

Give --previous-checkpoint FILE with the checkpoint of an earlier export to see that nothing was rewritten since.
Other programs read the same folder: fsck of github.com/transparency-dev/tessera, golang.org/x/mod/sumdb/tlog.
`
}
