/**
 * How fast the audit log is hashed, written and verified: one JSON line for each figure.
 *
 *   node bench/audit-hash.ts [leaves]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { signCheckpoint } from '#lib/audit/checkpoint.ts'
import { leafHash } from '#lib/audit/merkle.ts'
import { encodeVerifierKey } from '#lib/audit/note-key.ts'
import { EMPTY_EDGE, edgeRoot, growEdge, type RightEdge } from '#lib/audit/right-edge.ts'
import { testLeaves, testSigner } from '#lib/audit/test-export.ts'
import { TILE_WIDTH } from '#lib/audit/tiles.ts'
import { verifyExport } from '#lib/audit/verify-export.ts'
import { EMPTY_TAIL, writeExport } from '#lib/audit/write-export.ts'

const count = Number(process.argv[2] ?? 100_000)
if (!Number.isSafeInteger(count) || count < 1) throw new Error('the number of leaves must be an integer of 1 or more')

await main()

async function main(): Promise<void> {
  const leaves = [...testLeaves(0, count)]
  report('leaf-bytes', leaves.reduce((sum, leaf) => sum + leaf.length, 0) / count, 'bytes/leaf')
  await measure('hashed-and-tiled', () => Promise.resolve(void edgeRoot(hashAll(leaves, TILE_WIDTH))))
  await measure('hashed-one-by-one', () => Promise.resolve(void edgeRoot(hashAll(leaves, 1))))

  const signer = testSigner('example.com/bench')
  const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-bench-'))
  try {
    for (const durable of [false, true])
      await measure(durable ? 'written-durably' : 'written', () =>
        writeExport(path.join(folder, String(durable)), leaves, {
          tail: EMPTY_TAIL,
          durable,
          checkpoint: (head) => signCheckpoint({ origin: signer.name, ...head }, 'nothing-signed-yet', [signer]),
        }),
      )
    await measure('verified', async () => {
      const { ok, findings } = await verifyExport(path.join(folder, 'true'), { vkey: encodeVerifierKey(signer) })
      if (!ok) throw new Error(`the export does not verify: ${JSON.stringify(findings[0])}`)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  report('memory-peak', process.resourceUsage().maxRSS / 1024, 'MiB')
}

function hashAll(leaves: readonly Uint8Array[], batch: number): RightEdge {
  let edge = EMPTY_EDGE
  for (let at = 0; at < leaves.length; at += batch)
    edge = growEdge(edge, leaves.slice(at, at + batch).map(leafHash)).edge
  return edge
}

async function measure(figure: string, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  await work()
  report(figure, (count * 1_000) / (performance.now() - start), 'leaves/s')
}

function report(figure: string, value: number, unit: string): void {
  console.log(JSON.stringify({ bench: 'audit-hash', figure, value: Math.round(value), unit }))
}
