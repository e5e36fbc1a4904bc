/**
 * What a page of the audit log costs over a million entries: p50 and p99 of a search by each filter, from the newest and from the
 * middle of the log, in both directions; and of an inclusion proof. One JSON line for each figure.
 *
 *   node bench/audit-search.ts [entries] [rounds]
 */
import { parseVerifierKey } from '#lib/audit/note-key.ts'
import { verifyProof } from '#lib/audit/proof-format.ts'
import { listEntries, readEntry, type ListEntriesInput } from '#lib/audit/reads.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { encodeCursor } from '#lib/platform/page.ts'
import { fillEntries, fillLog } from './audit-log.ts'
import { onBenchSystem } from './installation.ts'

const [count, rounds] = [Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 100)]
if (!Number.isSafeInteger(count) || count < 10_000 || !Number.isSafeInteger(rounds) || rounds < 10)
  throw new Error('give 10000 entries or more and 10 rounds or more')

await onBenchSystem(measureOn)

async function measureOn(system: System, url: string): Promise<void> {
  const start = performance.now()
  await fillEntries(url, rootWorkspaceId, count)
  const { size, vkey } = await fillLog(url, system.config.logOrigin)
  report('filled', { value: (performance.now() - start) / 1000, unit: 's', entries: size })
  const ctx = systemCtx(system)
  for (const [figure, input] of Object.entries(searches())) await measure(figure, () => listEntries(ctx, input))
  await measureProofs(ctx, vkey)
}

function idAt(n: number): string {
  return `ae_${(n + 1_099_511_627_776).toString(16).padStart(26, '0')}`
}

function searches(): Record<string, ListEntriesInput> {
  const middle = encodeCursor(idAt(Math.floor(count / 2)))
  const actor = { actorId: 'id_bench7' }
  return {
    newest: {},
    'older-from-the-middle': { cursor: middle },
    'newer-from-the-middle': { newer: middle },
    'by-actor': actor,
    'by-actor-from-the-middle': { ...actor, newer: middle },
    'by-frequent-action': { kind: 'bench:act-a' },
    'by-rare-action': { kind: 'bench:act-t' },
    'by-action-that-never-was': { kind: 'bench:never' },
    'by-resource': { resourceId: 'mo_bench42' },
    'by-kind-of-resource': { resourceKind: 'model' },
    'by-outcome-denied': { outcome: 'denied' },
    'by-outcome-done': { outcome: 'done' },
    'by-request': { requestId: `req_bench${Math.floor(count / 8)}` },
    'by-actor-and-action': { ...actor, kind: 'bench:act-b' },
    'by-actor-action-and-outcome': { ...actor, kind: 'bench:act-b', outcome: 'denied' },
    'by-frequent-action-and-outcome': { kind: 'bench:act-a', outcome: 'found' },
    'by-text-that-is-there': { text: `number ${count - 10_000}` },
    'by-text-that-is-not': { text: 'no such words' },
  }
}

async function measureProofs(ctx: Ctx, vkey: string): Promise<void> {
  const verifier = parseVerifierKey(vkey)
  let n = 0
  const pick = () => idAt((n++ * 7_919_001) % count)
  await measure('inclusion-proof', async () => {
    const { receipt } = await readEntry(ctx, pick())
    if (!receipt) throw new Error('the entry has no receipt')
    return receipt
  })
  const { receipt } = await readEntry(ctx, pick())
  if (receipt) verifyProof(receipt.proof, Buffer.from(receipt.leaf), [verifier])
}

async function measure(figure: string, once: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 5; n++) await once()
  const times: number[] = []
  for (let n = 0; n < rounds; n++) {
    const start = performance.now()
    await once()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const at = (q: number) =>
    Math.round((times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? 0) * 100) / 100
  report(figure, { p50: at(0.5), p99: at(0.99), unit: 'ms', entries: count })
}

function report(figure: string, values: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ benchmark: 'audit-search', figure, ...values }))
}
