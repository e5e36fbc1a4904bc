import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { agentIngestSecret, ensureAgentKey } from './ensure-agent-key.ts'
import { verifyIngestKey } from './verify-ingest-key.ts'

let t: TestSystem
beforeAll(async () => {
  t = await testSystem()
})
afterAll(() => t.close())

const entries = (workspaceId: string, kind: string) =>
  t.system.db
    .selectFrom('audit_entry')
    .select(['outcome', 'resource_kind', 'resource_id'])
    .where('workspace_id', '=', workspaceId)
    .where('kind', '=', kind)
    .orderBy('id')
    .execute()

describe("the local agent's key", () => {
  it('is stored once, with one entry, by processes that start at the same time', async () => {
    await Promise.all(Array.from({ length: 6 }, () => ensureAgentKey(t.system)))
    await ensureAgentKey(t.system)
    const grant = await verifyIngestKey(t.system, `Bearer ${agentIngestSecret(t.system.secrets)}`)
    expect(grant).toMatchObject({ workspaceId: rootWorkspaceId, endpointId: null })
    expect(await entries(rootWorkspaceId, 'ingest-key:create')).toEqual([
      { outcome: 'done', resource_kind: 'ingest-key', resource_id: grant.keyId },
    ])
  })
})
