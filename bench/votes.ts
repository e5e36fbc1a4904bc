/**
 * People who vote at once: 200 people on 50 requests, four on each, whose policy asks for all four. Every vote must be
 * answered, every request approved, and PostgreSQL must not have ended a transaction for a deadlock. Beside it, the same
 * people read the request that they vote on. One JSON line for each figure.
 *
 *   node bench/votes.ts [rounds=5]
 */
import { sql } from 'kysely'
import { castVote } from '#lib/approvals/cast-vote.ts'
import { readApproval } from '#lib/approvals/reads.ts'
import { requestApproval } from '#lib/approvals/request-approval.ts'
import { policyText, putInForce } from '#lib/approvals/testing/in-force.ts'
import { createWorkspace } from '#lib/members/create-workspace.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { benchPerson, onBenchSystem } from './installation.ts'

const people = 200
const requests = 50
const [rounds = 5] = process.argv.slice(2).map(Number)
if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 100)) {
  console.error('usage: node bench/votes.ts [rounds 1…100]')
  process.exit(2)
}

await onBenchSystem(measure)

async function measure(system: System): Promise<void> {
  await putInForce(policyText('four', { quorum: '{ approver: 4 }' }))
  const { id } = await createWorkspace(systemCtx(system), { name: 'bench', title: 'Bench' })
  const [dana, admin] = [
    await benchPerson(system, id, { role: 'developer', name: 'dana' }),
    await benchPerson(system, id, { role: 'admin', name: 'ada' }),
  ]
  const voters: Ctx[] = []
  for (let i = 0; i < people; i++) voters.push(await benchPerson(system, id, { role: 'approver', name: `voter-${i}` }))
  const model = await registerModel(dana, { name: 'fraud', title: 'Fraud' })
  const { id: environmentId } = await createEnvironment(admin, { name: 'production' })
  const [votes, reads]: [number[], number[]] = [[], []]
  let approved = 0
  const deadlocksBefore = await deadlocks(system)
  for (let round = 0; round < rounds; round++) {
    const asked: { id: string; revisionDigest: string }[] = []
    for (let i = 0; i < requests; i++) {
      const n = round * requests + i + 1
      const digest = `sha256:${n.toString(16).padStart(64, '0')}`
      const version = await registerVersion(dana, {
        modelId: model.id,
        version: `1.${n}.0`,
        digest,
        artifactUri: 's3://bench',
        evaluation: { metrics: { auc: 0.9 } },
      })
      asked.push(await requestApproval(dana, { versionId: version.id, environmentId, reason: 'a benchmark' }))
    }
    reads.push(...(await atOnce(voters, (who, i) => readApproval(who, asked[i % requests]?.id ?? ''))))
    votes.push(...(await atOnce(voters, (who, i) => vote(who, asked[i % requests]))))
    for (const each of asked) approved += (await readApproval(dana, each.id)).state === 'approved' ? 1 : 0
  }
  tell('votes answered', votes.length, 'votes', { of: people * rounds })
  tell('requests approved', approved, 'requests', { of: requests * rounds })
  tell('deadlocks', (await deadlocks(system)) - deadlocksBefore, 'deadlocks', {})
  for (const [figure, values] of [
    ['vote', votes],
    ['read of the same request', reads],
  ] as const)
    for (const p of [0.5, 0.99]) tell(`${figure}, p${p * 100}`, quantile(values, p), 'ms', { people, requests, rounds })
}

async function vote(who: Ctx, request: { id: string; revisionDigest: string } | undefined): Promise<void> {
  const { id = '', revisionDigest = '' } = request ?? {}
  await castVote(who, { approvalId: id, decision: 'approve', reason: 'looked at it', revisionDigest })
}

async function atOnce(voters: readonly Ctx[], act: (who: Ctx, i: number) => Promise<unknown>): Promise<number[]> {
  const answers = await Promise.allSettled(
    voters.map(async (who, i) => {
      const from = performance.now()
      await act(who, i)
      return performance.now() - from
    }),
  )
  for (const a of answers) if (a.status === 'rejected') console.error(`not answered: ${String(a.reason)}`)
  return answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []))
}

async function deadlocks(system: System): Promise<number> {
  const { rows } = await sql<{
    n: bigint
  }>`select deadlocks as n from pg_stat_database where datname = current_database()`.execute(system.db)
  return Number(rows[0]?.n ?? 0)
}

function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round((sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? 0) * 10) / 10
}

function tell(figure: string, value: number, unit: string, more: Record<string, unknown>): void {
  console.log(JSON.stringify({ benchmark: 'votes', figure, value, unit, ...more }))
}
