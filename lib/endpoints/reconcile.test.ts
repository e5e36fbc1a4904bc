import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtinRegistry } from '#lib/models/builtin-registry.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { memoryTraffic } from '#lib/platform/adapters/memory/traffic.ts'
import type { System } from '#lib/platform/context.ts'
import { openPool } from '#lib/platform/db/connect.ts'
import type { RegistryPort } from '#lib/platform/ports/registry.ts'
import type { TrafficPort } from '#lib/platform/ports/traffic.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { createEndpoint } from './create-endpoint.ts'
import { deployVersion } from './deploy-version.ts'
import { reconcileEndpoints } from './reconcile.ts'

let t: TestSystem
beforeAll(async () => {
  t = await testSystem({ ports: (system) => ({ registry: (id) => builtinRegistry(system, id) }) })
})
afterAll(() => t.close())

/** An endpoint to which the first of two versions is deployed; no turn has run yet. */
async function deployed() {
  const ws = await t.workspace()
  const [admin, developer, operator] = [await ws.as('admin'), await ws.as('developer'), await ws.as('operator')]
  const environment = await createEnvironment(admin, { name: 'production', protected: false })
  const model = await registerModel(developer, { name: 'delays', title: 'Delays' })
  const register = (n: number) =>
    registerVersion(developer, {
      modelId: model.id,
      version: `${n}.0.0`,
      digest: `sha256:${String(n).repeat(64)}`,
      artifactUri: `file:///models/${n}`,
      evaluation: { metrics: { auc: 0.9 } },
    })
  const [first, second] = [(await register(1)).id, (await register(2)).id]
  const fields = { modelId: model.id, environmentId: environment.id, name: 'delays', rolloutPolicy: 'short-steps' }
  const { id } = await createEndpoint(operator, { ...fields, template: { command: ['serve'] } })
  await deployVersion(operator, { endpointId: id, versionId: first, reason: 'the first version' })
  return { id, workspaceId: ws.id, modelId: model.id, first, second }
}

type Deployed = Awaited<ReturnType<typeof deployed>>

async function stateOf(id: string) {
  const query = t.system.db.selectFrom('endpoint').select('state').where('id', '=', id)
  return (await query.executeTakeFirstOrThrow()).state
}

async function serve(story: Deployed): Promise<void> {
  for (let turn = 0; turn < 20 && (await stateOf(story.id)) !== 'serving'; turn += 1) {
    await reconcileEndpoints(t.system, 'test')
    t.clock.advance(300)
  }
  expect(await stateOf(story.id)).toBe('serving')
}

async function edit({ id, first, second }: Deployed): Promise<void> {
  const other = memoryTraffic(t.plane, { manager: 'argocd', nowMs: () => t.clock.now().getTime() })
  const held = t.plane.endpoints.get(id)
  if (!held) throw new Error('no traffic to edit')
  const weights = [
    { versionId: first, percent: 60 },
    { versionId: second, percent: 40 },
  ]
  const { resourceVersion: expectResourceVersion, fence } = held.observed
  const result = await other.write({ endpointId: id, weights, expectResourceVersion, fence, manager: 'argocd' })
  expect(result.kind).toBe('applied')
}

async function putBacks(id: string): Promise<string[]> {
  const rows = await t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select('d.content')
    .where('e.resource_id', '=', id)
    .execute()
  const because = rows.map(({ content }) => (JSON.parse(content ?? '{}') as { because: string }).because)
  return because.filter((text) => text.startsWith('The traffic was changed by somebody else'))
}

describe('traffic that somebody else changes', () => {
  it('is put back and told each time it happens', async () => {
    const story = await deployed()
    await serve(story)
    for (let n = 1; n <= 2; n += 1) {
      await edit(story)
      t.clock.advance(6_000)
      await serve(story)
      for (let turn = 0; turn < 4; turn += 1) await reconcileEndpoints(t.system, 'test')
      expect(t.plane.endpoints.get(story.id)?.observed.weights).toEqual([{ versionId: story.first, percent: 100 }])
      expect(await putBacks(story.id)).toHaveLength(n)
    }
  })

  it('is put back ever more slowly while each of our writes is undone, told once, and ends when they stop', async () => {
    const story = await deployed()
    await serve(story)
    await edit(story)
    let writes = 0
    const { traffic } = t.system.ports
    const port = (cluster: string): TrafficPort => ({
      ...traffic(cluster),
      write: async (change) => {
        const result = await traffic(cluster).write(change)
        if (change.endpointId !== story.id) return result
        writes += 1
        await edit(story)
        return result
      },
    })
    const system: System = { ...t.system, ports: { ...t.system.ports, traffic: port } }
    for (let second = 0; second < 120; second += 1) {
      for (let turn = 0; turn < 10; turn += 1) if ((await reconcileEndpoints(system, 'test')) === 0) break
      t.clock.advance(1_000)
    }
    expect(await putBacks(story.id)).toHaveLength(1)
    expect(writes).toBeGreaterThan(4)
    expect(writes).toBeLessThan(15)
    t.clock.advance(31_000)
    await reconcileEndpoints(t.system, 'test')
    t.clock.advance(31_000)
    await reconcileEndpoints(t.system, 'test')
    expect(await stateOf(story.id)).toBe('serving')
  })
})

describe('a turn that was overtaken', () => {
  /** Turns in which another version becomes the stable one just before or just after the alias is written. */
  async function overtaken(when: 'before' | 'after') {
    const story = await deployed()
    const owner = openPool({
      url: t.databaseUrl,
      role: 'owner',
      max: 1,
      applicationName: 'overtaking',
      onError: () => undefined,
    })
    const overtake = () =>
      owner.query('update endpoint set stable_version_id = $2 where id = $1', [story.id, story.second])
    const { registry } = t.system.ports
    let isOver = false
    const overtaking = (port: RegistryPort): RegistryPort => ({
      ...port,
      readAlias: async (...asked) => {
        const read = await port.readAlias(...asked)
        if (when === 'before') await overtake()
        isOver = true
        return read
      },
      writeAlias: async (...asked) => {
        const written = await port.writeAlias(...asked)
        if (when === 'after') await overtake()
        return written
      },
    })
    const port = (id: string) => (id === story.workspaceId ? overtaking(registry(id)) : registry(id))
    const system: System = { ...t.system, ports: { ...t.system.ports, registry: port } }
    try {
      for (let turn = 0; turn < 40 && !isOver; turn += 1) {
        await reconcileEndpoints(system, 'test')
        t.clock.advance(300)
      }
    } finally {
      await owner.end()
    }
    expect(isOver).toBe(true)
    const serving = await t.system.db
      .selectFrom('model_serving')
      .select('version_id')
      .where('endpoint_id', '=', story.id)
      .execute()
    const alias = await t.system.db
      .selectFrom('model_alias')
      .select('version_id')
      .where('model_id', '=', story.modelId)
      .execute()
    return { story, serving, alias, state: await stateOf(story.id) }
  }

  it('writes no alias for a version that is not the stable one any more', async () => {
    const { serving, alias, state } = await overtaken('before')
    expect({ serving, alias, state }).toEqual({ serving: [], alias: [], state: 'deploying' })
  })

  it('records no serving of a version that was replaced while its alias was written', async () => {
    const { serving, state } = await overtaken('after')
    expect({ serving, state }).toEqual({ serving: [], state: 'deploying' })
  })
})
