/**
 * Our own share of a rollback: the turns from the one that sees the breach to the one that has read the traffic back, on
 * memory ports and a real PostgreSQL, so that nothing outside is waited for. One JSON line for each figure.
 *
 *   node bench/rollback.ts [rounds=200]
 */
import path from 'node:path'
import { createWorkspace } from '#lib/members/create-workspace.ts'
import { memoryKeys, memoryKms } from '#lib/platform/adapters/memory/kms.ts'
import { builtinRegistry } from '#lib/models/builtin-registry.ts'
import { memoryCluster, memoryServers } from '#lib/platform/adapters/memory/cluster.ts'
import { memoryNotifier, memoryReceiver } from '#lib/platform/adapters/memory/notifier.ts'
import { memoryPlane, memoryTraffic } from '#lib/platform/adapters/memory/traffic.ts'
import { systemCtx, workerCtx } from '#lib/platform/call.ts'
import { manualClock } from '#lib/platform/clock.ts'
import type { Ports, System } from '#lib/platform/context.ts'
import { loadRolloutPolicies } from '#lib/rollouts/load-policies.ts'
import { findRollout } from '#lib/rollouts/reads.ts'
import { reconcileRollouts } from '#lib/rollouts/reconcile.ts'
import { startRollout } from '#lib/rollouts/start-rollout.ts'
import { serveSecond } from '#lib/rollouts/testing/serve.ts'
import { tellStory, turnsNow, turnUntil, type StorySystem } from '#lib/rollouts/testing/story.ts'
import { noOutsidePorts } from '#lib/system/bind-ports.ts'
import { benchPerson, onBenchSystem } from './installation.ts'

const [rounds = 200] = process.argv.slice(2).map(Number)
if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 10_000)) {
  console.error('usage: node bench/rollback.ts [rounds 1…10000]')
  process.exit(2)
}

let workspaces = 0
const clock = manualClock(new Date('2026-03-02T09:00:00.000Z'))
const [servers, plane] = [memoryServers(), memoryPlane()]
await onBenchSystem(measure, { clock, ports: memoryPorts })

function memoryPorts(system: () => System): Ports {
  const nowMs = () => clock.now().getTime()
  return {
    ...noOutsidePorts(),
    traffic: () => memoryTraffic(plane, { manager: 'quarterdeck', nowMs }),
    cluster: () => memoryCluster(servers, { nowMs }),
    registry: (id) => builtinRegistry(system, id),
    kms: () => memoryKms(memoryKeys()),
    checkpoints: () => [],
    notifier: () => memoryNotifier(memoryReceiver()),
  }
}

async function measure(system: System): Promise<void> {
  await loadRolloutPolicies(path.join(import.meta.dirname, '../lib/rollouts/testing'))
  const t: StorySystem = { system, clock, servers, plane, workspace: () => makeWorkspace(system) }
  const totals: number[] = []
  const turns: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { totalMs, turnsMs } = await rollBackOnce(t)
    totals.push(totalMs)
    turns.push(...turnsMs)
  }
  console.log(JSON.stringify({ figure: 'rollback: breach seen to traffic verified', unit: 'ms', ...summary(totals) }))
  console.log(JSON.stringify({ figure: 'rollback: one turn of it', unit: 'ms', ...summary(turns) }))
}

async function rollBackOnce(t: StorySystem): Promise<{ totalMs: number; turnsMs: number[] }> {
  const story = await tellStory(t)
  const { endpointId, candidate: versionId } = story
  const { id } = await startRollout(story.operator, { endpointId, versionId, reason: 'a benchmark' })
  await turnUntil(story, id, ['progressing'])
  await turnsNow(t.system)
  t.clock.advance(20_000)
  await serveSecond(story, { candidate: { errors: 0.2 } })
  const turnsMs: number[] = []
  for (let turn = 0; turn < 20; turn += 1) {
    const startMs = performance.now()
    await reconcileRollouts(t.system, 'bench')
    turnsMs.push(performance.now() - startMs)
    const row = await findRollout(t.system.db, id)
    if (row?.chain.rollback?.trafficVerifiedAt) break
  }
  await turnUntil(story, id, ['rolled-back'])
  return { totalMs: turnsMs.reduce((sum, ms) => sum + ms, 0), turnsMs }
}

async function makeWorkspace(system: System): ReturnType<StorySystem['workspace']> {
  workspaces += 1
  const name = `bench-${workspaces}`
  const { id } = await createWorkspace(systemCtx(system), { name, title: name })
  return {
    id,
    name,
    worker: workerCtx(system, id),
    as: (role, who = role) => benchPerson(system, id, { role, name: `${name}-${who}` }),
  }
}

function summary(values: number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (q: number) => Number((sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0).toFixed(2))
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}
