import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listModels, listVersions, readModel } from '#lib/models/reads.ts'
import { readEvidence } from './evidence.ts'
import { listUpstreamModels, readRegistry } from '#lib/registries/reads.ts'
import { reconcileRegistries } from '#lib/registries/reconcile.ts'
import { chooseModels } from '#lib/registries/choose-models.ts'
import { disableRegistry } from '#lib/registries/disable-registry.ts'
import { reconcileIncidents } from '#lib/incidents/reconcile.ts'
import type { TestSystem, TestWorkspace } from '../../support/system.ts'
import { mlflowOf } from './client.ts'
import { mainUrl } from './settings.ts'
import { connect, findings, imported, settle, syncSystem } from './synced.ts'

const mlflow = mlflowOf(mainUrl)
let t: TestSystem
let ws: TestWorkspace
let made = 0
beforeAll(async () => {
  t = await syncSystem()
})
afterAll(() => t.close())

/** A model at MLflow with so many versions, each of an artefact of its own. */
async function model(versions = 2) {
  ws = await t.workspace()
  made += 1
  const name = `Sync Model ${made}`
  await mlflow.createModel(name, { team: 'risk' })
  const runs: string[] = []
  for (let n = 0; n < versions; n++) {
    const runId = await mlflow.createRun({ auc: 0.9 + n / 100, 'val/loss': 0.2 }, { depth: '3' })
    await mlflow.putModel(runId, `weights ${made}.${n}`)
    await mlflow.createVersion(name, runId)
    runs.push(runId)
  }
  return { name, runs }
}

async function only(name: string) {
  const { items } = await listModels(ws.worker, { text: name.toLowerCase().replaceAll(' ', '-') })
  const found = items.find((each) => each.title === name)
  if (!found) throw new Error(`${name} was not imported`)
  return readModel(ws.worker, found.id)
}

describe('a synchronised MLflow', () => {
  it('shows what is there before anything is chosen, and imports only what is', async () => {
    const { name } = await model()
    const { id } = await connect(ws)
    await settle(t, ws, id)
    const view = await readRegistry(await ws.as('viewer'), id)
    expect(view).toMatchObject({ state: 'connected', serverVersion: '3.17.2', chosen: 0, imported: 0 })
    const { items } = await listUpstreamModels(ws.worker, id, { limit: 200 })
    expect(items.find((m) => m.name === name)).toMatchObject({ tags: { team: 'risk' }, versions: 2, chosen: false })
    expect((await listModels(ws.worker)).items).toEqual([])
  })

  it('imports versions with the digest that we computed, lineage, inputs, metrics, and evidence', async () => {
    const { name, runs } = await model()
    await mlflow.setAlias(name, 'champion', '1')
    const { id } = await imported(t, ws, [name])
    const own = await only(name)
    const { items } = await listVersions(ws.worker, own.id)
    expect(items.map((v) => v.version)).toEqual(['2.0.0', '1.0.0'])
    expect(items[1]).toMatchObject({
      artifactUri: `mlflow-artifacts:/0/${runs[0]}/artifacts/model`,
      lineage: { run: runs[0], datasets: [{ name: 'train', digest: 'abc' }], features: ['amount', 'country'] },
      evaluation: { metrics: { auc: 0.9 } },
    })
    expect(items[1]?.files.map((f) => f.path)).toEqual(['MLmodel', 'data/weights.bin'])
    expect(items[0]?.digest).not.toBe(items[1]?.digest)
    expect(own.aliases).toMatchObject([{ alias: 'champion', versionId: items[1]?.id }])
    expect(await readEvidence(t, items[1]?.id ?? '')).toMatchObject([
      { kind: 'evaluation', content: { metrics: { auc: 0.9 } }, source: { kind: 'mlflow-run', id: runs[0] } },
    ])
    await settle(t, ws, id)
    expect((await listVersions(ws.worker, own.id)).items).toHaveLength(2)
    expect(await findings(t, ws, 'alias')).toEqual([])
  })

  it('tells an alias that was moved outside, once, and leaves it where policy does not say more', async () => {
    const { name } = await model()
    await mlflow.setAlias(name, 'champion', '1')
    const { id } = await imported(t, ws, [name])
    await mlflow.setAlias(name, 'champion', '2')
    await settle(t, ws, id)
    await settle(t, ws, id)
    const told = await findings(t, ws, 'alias')
    expect(told.map((f) => f.content.after)).toMatchObject([{ state: 'moved-outside', number: 2, putBack: false }])
    expect(await mlflow.aliasOf(name, 'champion')).toBe('2')
    await reconcileIncidents(t.system)
    const incidents = await t.system.db
      .selectFrom('incident')
      .select('kind')
      .where('workspace_id', '=', ws.id)
      .execute()
    expect(incidents).toEqual([{ kind: 'registry' }])
  })

  it('puts an alias back that was moved or removed outside, where policy says so', async () => {
    const { name } = await model()
    await mlflow.setAlias(name, 'champion', '1')
    const { id } = await imported(t, ws, [name], { outsideEdits: 'put-back' })
    await mlflow.setAlias(name, 'champion', '2')
    await settle(t, ws, id)
    expect(await mlflow.aliasOf(name, 'champion')).toBe('1')
    await mlflow.deleteAlias(name, 'champion')
    await settle(t, ws, id)
    expect(await mlflow.aliasOf(name, 'champion')).toBe('1')
    expect((await findings(t, ws, 'alias')).map((f) => f.content.after['number'])).toEqual([2, null])
  })

  it('finds an artefact that was overwritten under its version, of the same size, and opens an incident', async () => {
    const { name, runs } = await model(1)
    const { id } = await imported(t, ws, [name])
    await mlflow.put(`0/${runs[0]}/artifacts/model/data/weights.bin`, `WEIGHTS ${made}.0`)
    t.clock.advance(700_000)
    await settle(t, ws, id)
    const told = await findings(t, ws, 'version')
    expect(told.map((f) => f.content.after)).toMatchObject([{ state: 'artifact-changed', paths: ['data/weights.bin'] }])
    await reconcileIncidents(t.system)
    const incidents = await t.system.db
      .selectFrom('incident')
      .select('kind')
      .where('workspace_id', '=', ws.id)
      .execute()
    expect(incidents).toEqual([{ kind: 'artifact' }])
    t.clock.advance(86_500_000)
    await settle(t, ws, id)
    expect(await findings(t, ws, 'version')).toHaveLength(1)
  })

  it('tells a version that was deleted there, once, and opens an incident', async () => {
    const { name } = await model()
    const { id } = await imported(t, ws, [name])
    await mlflow.deleteVersion(name, '2')
    await settle(t, ws, id)
    await settle(t, ws, id)
    const [two] = (await listVersions(ws.worker, (await only(name)).id)).items
    const told = await findings(t, ws, 'version')
    expect(told).toMatchObject([{ resourceId: two?.id, content: { after: { state: 'deleted-upstream', number: 2 } } }])
    await reconcileIncidents(t.system)
    const incidents = await t.system.db
      .selectFrom('incident')
      .select(['kind', 'severity'])
      .where('workspace_id', '=', ws.id)
      .execute()
    expect(incidents).toEqual([{ kind: 'registry', severity: 'sev3' }])
  })

  it('reads at once what stands under the number of a version that was deleted', async () => {
    const { name, runs } = await model()
    const { id } = await imported(t, ws, [name])
    await mlflow.deleteModel(name)
    await settle(t, ws, id)
    const states = async () => (await findings(t, ws, 'version')).map((f) => f.content.after['state'])
    expect(await states()).toEqual(['deleted-upstream', 'deleted-upstream'])
    await mlflow.createModel(name)
    expect(await mlflow.createVersion(name, runs[1] ?? '')).toBe('1')
    await settle(t, ws, id)
    expect(await states()).toEqual(['deleted-upstream', 'deleted-upstream', 'artifact-changed'])
  })

  it('moves an alias for a rollout: here, there, and read back; what only got as far as here is carried out', async () => {
    const { name } = await model()
    await mlflow.setAlias(name, 'champion', '1')
    const { id } = await imported(t, ws, [name])
    const own = await only(name)
    const [two, one] = (await listVersions(ws.worker, own.id)).items.map((v) => v.id)
    const registry = t.system.ports.registry(ws.id)
    expect(await registry.readAlias(own.name, 'champion')).toEqual({ kind: 'observed', version: one })
    expect(await registry.writeAlias(own.name, 'champion', two ?? '', { expected: one ?? '' })).toMatchObject({
      kind: 'written',
      before: one,
      readBack: two,
    })
    expect(await mlflow.aliasOf(name, 'champion')).toBe('2')
    expect((await only(name)).aliases).toMatchObject([{ alias: 'champion', versionId: two }])
    // As a process leaves it that died between the two writes.
    await builtinWrite(own.name, two ?? '', one ?? '')
    await settle(t, ws, id)
    expect(await mlflow.aliasOf(name, 'champion')).toBe('1')
    expect(await findings(t, ws, 'alias')).toEqual([])
  })

  it('goes on where a killed turn ended, without a second model or version', async () => {
    const { name } = await model()
    const { id } = await connect(ws)
    await settle(t, ws, id)
    await chooseModels(await ws.as('admin'), { registryId: id, models: [name] })
    const links = ['linkModel', 'linkVersion']
    for (const _ of links) {
      await settle(t, ws, id)
      // What a turn leaves that died before its last write: registered and not linked.
      await unlink(id, name)
    }
    await settle(t, ws, id)
    expect((await listModels(ws.worker)).items).toHaveLength(1)
    expect((await listVersions(ws.worker, (await only(name)).id)).items).toHaveLength(2)
  })

  it('says why a registry cannot be read, and goes on when it can; a disabled one is left alone', async () => {
    ws = await t.workspace()
    const { id } = await connect(ws, { url: 'http://127.0.0.1:9' })
    await settle(t, ws, id)
    expect(await readRegistry(ws.worker, id)).toMatchObject({
      state: 'failing',
      because: 'nothing listens at 127.0.0.1:9',
    })
    await disableRegistry(await ws.as('admin'), { registryId: id, reason: 'it was a mistake' })
    t.clock.advance(10_000_000)
    await reconcileRegistries(t.system, 'test')
    expect(await readRegistry(ws.worker, id)).toMatchObject({ state: 'disabled', because: 'it was a mistake' })
  })

  async function builtinWrite(name: string, expected: string, version: string) {
    const { builtinRegistry } = await import('#lib/models/builtin-registry.ts')
    const result = await builtinRegistry(() => t.system, ws.id).writeAlias(name, 'champion', version, { expected })
    expect(result.kind).toBe('written')
  }

  async function unlink(registryId: string, name: string) {
    const { housekeep } = await import('#lib/platform/housekeep.ts')
    await housekeep(t.system, 'registry-mirror', async (tx) => {
      const now = t.clock.now()
      await tx
        .updateTable('registry_version')
        .set({ version_id: null, digest_due_at: null, next_at: now })
        .where('registry_id', '=', registryId)
        .execute()
      await tx.updateTable('registry_model').set({ model_id: null }).where('name', '=', name).execute()
    })
  }
})
