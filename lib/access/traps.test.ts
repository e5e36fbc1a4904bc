import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindRole } from '#lib/members/bind-role.ts'
import { publishAccessRules } from '#lib/members/publish-access-rules.ts'
import { refreshAccessRules, type RulesMemory } from '#lib/members/refresh-access-rules.ts'
import { rootWorkspaceId } from '#lib/platform/actor.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../tests/support/system.ts'
import { actions, type Action, type Role } from './actions.ts'
import { accessDecision } from './authorize.ts'
import { currentRules, readRulesText, rulesAt } from './current.ts'
import { decideAccess } from './decide.ts'
import { buildAccessRules } from './rules.ts'

let t: TestSystem
let ws: TestWorkspace
let folder: string
let model: string
let policy: string
beforeAll(async () => {
  t = await testSystem()
  ws = await t.workspace()
  ;({ model, policy } = await readRulesText(join(import.meta.dirname, '..', '..', 'policies', 'access')))
  folder = await mkdtemp(join(tmpdir(), 'quarterdeck-access-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await t.close()
})

const startsRollouts = 'p, role:operator, rollout, start\n'
const may = async (who: Ctx, action: Action = 'rollout:start') => {
  const on = { kind: 'workspace', id: who.workspaceId, workspaceId: who.workspaceId }
  return (await accessDecision(who, who.db, action, on)).allowed
}
const write = (text: string) =>
  Promise.all([writeFile(join(folder, 'model.conf'), model), writeFile(join(folder, 'roles.csv'), text)])
const failures = async () => (await t.system.metrics.accessRulesFailures.get()).values[0]?.value ?? 0
const loads = () =>
  t.system.db
    .selectFrom('audit_entry')
    .select(['outcome', 'resource_id'])
    .where('workspace_id', '=', rootWorkspaceId)
    .where('kind', '=', 'access:load')
    .orderBy('id')
    .execute()
/** As another process would: straight to the row, so that this process learns of it as it learns of theirs. */
const publishElsewhere = async (text: string, digest?: string) => {
  const built = digest ?? (await buildAccessRules(model, text)).digest
  await housekeep(t.system, 'session', (tx) =>
    tx
      .updateTable('access_rules')
      .set((e) => ({ version: e('version', '+', 1n), digest: built, policy: text }))
      .execute(),
  )
}

describe('casbin trap 1: while rules are replaced', () => {
  it('no decision is made on fewer or more rules than one version or the other has (ASVS 8.3.1)', async () => {
    await publishAccessRules(t.system, { model, policy })
    const [olu, vi] = [await ws.as('operator', 'olu'), await ws.as('viewer', 'vi')]
    let replacing = true
    const seen = { operator: new Set<boolean>(), viewer: new Set<boolean>() }
    const ask = async () => {
      while (replacing) {
        seen.operator.add(await may(olu))
        seen.viewer.add(await may(vi))
      }
    }
    const asking = [ask(), ask(), ask()]
    for (let n = 0; n < 6; n += 1) await publishAccessRules(t.system, { model, policy: `${policy}# ${n}\n` })
    replacing = false
    await Promise.all(asking)
    expect([...seen.operator]).toEqual([true])
    expect([...seen.viewer]).toEqual([false])
  })
})

describe('casbin trap 2: rules that cannot be loaded', () => {
  it('leave those before them in force, with a metric, and one entry for each failure', async () => {
    const memory: RulesMemory = {}
    const olu = await ws.as('operator', 'olu')
    await write(policy)
    await refreshAccessRules(t.system, memory, folder)
    const before = { failures: await failures(), loads: (await loads()).length }
    for (const bad of ['', 'p, role:operator, rollout(, start\n', 'p, role:operator, rollout(, start\n'])
      await write(bad).then(() => refreshAccessRules(t.system, memory, folder))
    await rm(join(folder, 'roles.csv'))
    await refreshAccessRules(t.system, memory, folder)
    expect(await may(olu)).toBe(true)
    expect((await failures()) - before.failures).toBe(4)
    expect((await loads()).slice(before.loads).map((e) => e.outcome)).toEqual(['found', 'found', 'found'])
  })

  it('are loaded when they are mended, as the next version', async () => {
    const memory: RulesMemory = {}
    await write('nonsense\n')
    await refreshAccessRules(t.system, memory, folder)
    const { version } = await rulesAt(t.system, undefined)
    await write(`${policy}# mended\n`)
    await refreshAccessRules(t.system, memory, folder)
    await refreshAccessRules(t.system, memory, folder)
    expect((await rulesAt(t.system, undefined)).version).toBe(version + 1n)
  })

  it('published by a newer process, allow only reading and the safe direction until this one can read them', async () => {
    const [olu, vi] = [await ws.as('operator', 'olu'), await ws.as('viewer', 'vi')]
    await publishAccessRules(t.system, { model, policy })
    await publishElsewhere(policy, `sha256:${'0'.repeat(64)}`)
    await expect(may(olu)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await may(olu, 'rollout:roll-back')).toBe(true)
    expect(await may(olu, 'model:read')).toBe(true)
    expect(await may(vi)).toBe(false)
    await publishElsewhere(policy)
    expect(await may(olu)).toBe(true)
  })
})

describe('casbin trap 3: an empty policy and empty words', () => {
  it('is no policy, and allows nothing', async () => {
    await expect(buildAccessRules(model, '')).rejects.toThrow('empty')
    const rules = currentRules()
    expect(rules.allows('' as Role, '' as Action)).toBe(false)
    const empty = { role: '', workspaceId: '', environment: null, label: null }
    const nothing = { kind: '', id: '', workspaceId: '' }
    for (const action of ['', ':', ...actions] as Action[])
      expect(decideAccess(rules, [empty], action, nothing).allowed).toBe(false)
  })
})

describe('casbin trap 4: somebody named as a role', () => {
  it('has the roles that are bound, and not that one (ASVS 8.2.1)', async () => {
    const admin = await ws.as('admin', 'ada')
    for (const subject of ['admin', 'role:admin', 'operator', 'role:operator', '*']) {
      const named = { issuer: 'https://idp.test', subject, name: subject, role: 'viewer' as const }
      const { identityId } = await bindRole(admin, named)
      const who: Ctx = { ...admin, actorId: identityId, actor: { ...admin.actor, subject, name: subject } }
      expect(await may(who)).toBe(false)
      expect(await may(who, 'member:bind')).toBe(false)
    }
  })
})

describe('casbin trap 5: an answer that is kept', () => {
  it('is not of rules that were replaced, in any process, from the next decision on (ASVS 8.3.2)', async () => {
    const olu = await ws.as('operator', 'olu')
    await publishAccessRules(t.system, { model, policy })
    expect(await may(olu)).toBe(true)
    const without = `${policy.replace(startsRollouts, '')}p, role:admin, rollout, start\n`
    await publishElsewhere(without)
    expect(await may(olu)).toBe(false)
    await publishElsewhere(policy)
    expect(await may(olu)).toBe(true)
  })

  it('is not of another question that is spelt alike', () => {
    const rules = currentRules()
    for (const text of ['rollout$$start', 'rollout:start$$', 'rollout', 'rollout:', 'rollout:start '])
      expect(rules.allows('operator', text as Action)).toBe(false)
    expect(rules.allows('operator$$rollout' as Role, 'rollout:start')).toBe(false)
  })
})

describe('casbin trap 6: a workspace that is none', () => {
  it.each([undefined, null, '', 'ws_nowhere'])('%s is a refusal and no crash', async (workspaceId) => {
    const olu = await ws.as('operator', 'olu')
    const on = { kind: 'workspace', id: 'x', workspaceId: workspaceId as string }
    expect((await accessDecision(olu, olu.db, 'rollout:start', on)).allowed).toBe(false)
  })
})

describe('rules', () => {
  it('are published once by processes that start together, and an older process does not undo a newer one', async () => {
    await publishAccessRules(t.system, { model, policy })
    const before = (await rulesAt(t.system, undefined)).version
    const [old, newer]: RulesMemory[] = [{}, {}]
    await write(policy)
    await Promise.all([1, 2, 3].map(() => refreshAccessRules(t.system, old!, folder)))
    expect((await rulesAt(t.system, undefined)).version).toBe(before)
    await write(`${policy}# newer\n`)
    await refreshAccessRules(t.system, newer!, folder)
    await write(policy)
    await refreshAccessRules(t.system, old!, folder)
    expect((await rulesAt(t.system, undefined)).version).toBe(before + 1n)
  })

  it('are told in the log of acts: who loaded them, and both digests', async () => {
    const first = await publishAccessRules(t.system, { model, policy: `${policy}# one\n` })
    const second = await publishAccessRules(t.system, { model, policy: `${policy}# two\n` })
    const row = await t.system.db
      .selectFrom('audit_entry as e')
      .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
      .select('d.content')
      .where('e.kind', '=', 'access:load')
      .where('e.resource_id', '=', second.version.toString())
      .executeTakeFirstOrThrow()
    expect(JSON.parse(row.content!)).toMatchObject({
      before: { digest: first.digest },
      after: { digest: second.digest, version: second.version.toString() },
      policies: [second.digest],
    })
  })

  it('of the repository are fewer than two hundred lines', async () => {
    const text = await readFile(join(import.meta.dirname, '..', '..', 'policies', 'access', 'roles.csv'), 'utf8')
    expect(text.split('\n').filter((l) => l.startsWith('p,')).length).toBeLessThan(200)
  })
})
