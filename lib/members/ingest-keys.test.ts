import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { bindRole } from './bind-role.ts'
import { createIngestKey } from './create-ingest-key.ts'
import { agentIngestSecret, ensureAgentKey } from './ensure-agent-key.ts'
import { issueToken } from './issue-token.ts'
import { revokeIngestKey } from './revoke-ingest-key.ts'
import { revokeToken } from './revoke-token.ts'
import { unbindRole } from './unbind-role.ts'
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

describe('revoking', () => {
  it('ends an ingest key at once, with an entry, and only once', async () => {
    const ws = await t.workspace()
    const olu = await ws.as('operator', 'olu')
    const key = await createIngestKey(olu, { kinds: ['label'] })
    const input = { keyId: key.id, reason: 'it was in a public log' }
    await expect(revokeIngestKey(await ws.as('developer'), input)).rejects.toMatchObject({ code: 'forbidden' })
    const stranger = await (await t.workspace()).as('admin')
    await expect(revokeIngestKey(stranger, input)).rejects.toMatchObject({ code: 'not-found' })
    await expect(revokeIngestKey(olu, { keyId: 'x', reason: '' })).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'keyId' }, { path: 'reason' }] },
    })
    await verifyIngestKey(t.system, `Bearer ${key.secret}`)
    await revokeIngestKey(olu, input)
    await expect(verifyIngestKey(t.system, `Bearer ${key.secret}`)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(revokeIngestKey(olu, input)).rejects.toMatchObject({ code: 'conflict' })
    expect((await entries(ws.id, 'ingest-key:revoke')).map((e) => [e.outcome, e.resource_id])).toEqual([
      ['denied', key.id],
      ['done', key.id],
    ])
  })

  it('of a token is for admins where its holder has a role, not where they had one or never did', async () => {
    const [ws, other] = [await t.workspace(), await t.workspace()]
    const dana = await ws.as('developer', 'dana')
    const { issuer, subject, name } = dana.actor
    const elsewhere = await other.as('admin')
    const { id: tokenId } = await issueToken(dana, {})
    const revoke = (who: Ctx) => revokeToken(who, { tokenId, reason: 'mischief' })
    await expect(revoke(elsewhere)).rejects.toMatchObject({ code: 'not-found' })
    const { bindingId } = await bindRole(elsewhere, { issuer, subject, name, role: 'viewer' })
    await unbindRole(elsewhere, { bindingId, reason: 'a short visit' })
    await expect(revoke(elsewhere)).rejects.toMatchObject({ code: 'not-found' })
    await expect(revoke(await ws.as('admin'))).resolves.toEqual({ tokenId })
  })
})
