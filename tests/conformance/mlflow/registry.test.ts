import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mlflowUpstream } from '#lib/platform/adapters/mlflow/upstream.ts'
import { describeRegistry } from '#lib/platform/ports/registry.contract.ts'
import type { Upstream } from '#lib/platform/ports/upstream.ts'
import { mlflowOf } from './client.ts'
import { mainUrl, settingsOf } from './settings.ts'

const mlflow = mlflowOf(mainUrl)
let upstream: Upstream
let runId: string
let made = 0
beforeAll(async () => {
  upstream = mlflowUpstream(settingsOf(mainUrl))
  runId = await mlflow.createRun()
})
afterAll(() => upstream.close())

async function open() {
  made += 1
  // Names as people give them: with spaces, signs and letters of every script.
  const [model, other] = [`Fraud & Co. #${made} ü?`, `Other ${made}`]
  await mlflow.createModel(model)
  await mlflow.createModel(other)
  const versions = [await mlflow.createVersion(model, runId), await mlflow.createVersion(model, runId)] as const
  for (let n = 0; n < 2; n++) await mlflow.createVersion(other, runId)
  return { registry: upstream.registry, model, versions, foreignVersion: await mlflow.createVersion(other, runId) }
}

describeRegistry('MLflow', open)

describe('MLflow as a registry', () => {
  it('removes an alias, and reads back that it is gone', async () => {
    const u = await open()
    await u.registry.writeAlias(u.model, 'champion', u.versions[0], { expected: null })
    expect(await u.registry.writeAlias(u.model, 'champion', null, { expected: u.versions[0] })).toEqual({
      kind: 'written',
      before: u.versions[0],
      readBack: null,
      conditional: false,
    })
    expect(await mlflow.aliasOf(u.model, 'champion')).toBeUndefined()
  })

  it('sees an edit that was made behind its back before it writes', async () => {
    const u = await open()
    await u.registry.writeAlias(u.model, 'champion', u.versions[0], { expected: null })
    await mlflow.setAlias(u.model, 'champion', u.versions[1])
    expect(await u.registry.writeAlias(u.model, 'champion', null, { expected: u.versions[0] })).toEqual({
      kind: 'conflict',
      observed: u.versions[1],
    })
  })

  it('says what MLflow refuses: it keeps some names of aliases for itself', async () => {
    const u = await open()
    for (const alias of ['Latest', 'v2']) {
      const result = await u.registry.writeAlias(u.model, alias, u.versions[0], { expected: null })
      expect(result).toMatchObject({ kind: 'refused' })
    }
  })

  it('is unreachable, and nothing else, when nothing listens', async () => {
    const nobody = mlflowUpstream(settingsOf('http://127.0.0.1:9'))
    expect(await nobody.registry.readAlias('m', 'champion')).toMatchObject({ kind: 'unreachable' })
    expect(await nobody.registry.writeAlias('m', 'champion', '1', { expected: null })).toMatchObject({
      kind: 'unreachable',
      because: 'nothing listens at 127.0.0.1:9',
    })
    await nobody.close()
  })
})
