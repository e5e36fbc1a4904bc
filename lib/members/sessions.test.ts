import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyToken } from '#lib/access/verify-token.ts'
import { listEntries } from '#lib/audit/reads.ts'
import { personaIssuer, rootWorkspaceId } from '#lib/platform/actor.ts'
import { systemCtx } from '#lib/platform/call.ts'
import { readConfig } from '#lib/platform/config.ts'
import type { System } from '#lib/platform/context.ts'
import { testSystem, type TestSystem } from '../../tests/support/system.ts'
import { bindRole } from './bind-role.ts'
import { ensureDefaultWorkspace } from './ensure-default-workspace.ts'
import { ensurePersonaWorkspace } from './ensure-persona-workspace.ts'
import { issueToken } from './issue-token.ts'
import { homeOf, personas } from './model.ts'
import { personaCtx } from './persona-ctx.ts'
import { findWorkspace, listMembers, resolveWorkspace } from './reads.ts'
import { resumeSession } from './resume-session.ts'
import { sessionIdleSeconds, sessionIdOf, sessionSeconds, signInAsPersona } from './sign-in-as-persona.ts'
import { signOut } from './sign-out.ts'

let t: TestSystem
let off: System
beforeAll(async () => {
  t = await testSystem()
  off = { ...t.system, config: { ...t.system.config, personas: false } }
  await ensurePersonaWorkspace(t.system, { name: 'team', title: 'Team', demo: false })
})
afterAll(() => t.close())

const signIn = (subject = 'dana') => signInAsPersona(t.system, subject)
const minutes = 60_000

describe('signing in as a local persona', () => {
  it('makes a session that stands for the persona, and an entry in the installation (ASVS 16.3.1)', async () => {
    const { cookie, identityId } = await signIn()
    expect(await resumeSession(t.system, cookie)).toEqual({
      actor: { issuer: personaIssuer, subject: 'dana', name: 'Dana Okafor', kind: 'person', via: 'console' },
      actorId: identityId,
    })
    const entries = await t.system.db
      .selectFrom('audit_entry')
      .select(['workspace_id', 'actor_id'])
      .where('kind', '=', 'session:start')
      .execute()
    expect(entries).toEqual([{ workspace_id: rootWorkspaceId, actor_id: identityId }])
  })

  it('gives another cookie each time, of which the table holds no more than a digest (ASVS 7.2.4)', async () => {
    const [a, b] = [await signIn(), await signIn()]
    expect(a.cookie).not.toBe(b.cookie)
    expect(a.cookie).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const rows = await t.system.db.selectFrom('session').select('id').execute()
    expect(rows.map((r) => r.id)).toContain(sessionIdOf(a.cookie))
    expect(JSON.stringify(rows)).not.toContain(a.cookie)
  })

  it('is refused to names that are none, and to everybody where personas are off', async () => {
    await expect(signIn('mallory')).rejects.toMatchObject({ code: 'invalid' })
    await expect(signInAsPersona(off, 'dana')).rejects.toMatchObject({ code: 'forbidden' })
    expect(await t.system.db.selectFrom('identity').select('id').where('subject', '=', 'mallory').execute()).toEqual([])
  })

  it('is on by itself on loopback only, and with DATABASE_URL when asked for', () => {
    const secret = 'x'.repeat(32)
    const database = { DATABASE_URL: 'postgres://h/d', QUARTERDECK_SECRET: secret }
    expect(readConfig({}).personas).toBe(true)
    expect(readConfig({ QUARTERDECK_PERSONAS: '0' }).personas).toBe(false)
    expect(readConfig(database).personas).toBe(false)
    expect(readConfig({ ...database, QUARTERDECK_PERSONAS: '1' }).personas).toBe(true)
    expect(readConfig({ HOST: '0.0.0.0', QUARTERDECK_ORIGIN: 'https://q.test' }).personas).toBe(false)
    expect(() =>
      readConfig({ HOST: '0.0.0.0', QUARTERDECK_ORIGIN: 'https://q.test', QUARTERDECK_PERSONAS: '1' }),
    ).toThrow('loopback')
  })
})

describe('a session', () => {
  it('ends when it is idle for too long, and not before (ASVS 7.3.1)', async () => {
    const { cookie } = await signIn()
    t.clock.advance(sessionIdleSeconds * 1_000)
    expect(await resumeSession(t.system, cookie)).toBeDefined()
    t.clock.advance(sessionIdleSeconds * 1_000 + 1)
    expect(await resumeSession(t.system, cookie)).toBeUndefined()
  })

  it('ends at its time however busy it is (ASVS 7.3.2)', async () => {
    const { cookie } = await signIn()
    const end = t.clock.now().getTime() + sessionSeconds * 1_000
    while (t.clock.now().getTime() < end - 30 * minutes) {
      t.clock.advance(30 * minutes)
      expect(await resumeSession(t.system, cookie)).toBeDefined()
    }
    t.clock.advance(30 * minutes)
    expect(await resumeSession(t.system, cookie)).toBeUndefined()
  })

  it('ends at sign-out, for good (ASVS 7.4.1)', async () => {
    const { cookie } = await signIn('olu')
    const ctx = await personaCtx(t.system, 'olu', 'team')
    await signOut(ctx, cookie)
    expect(await resumeSession(t.system, cookie)).toBeUndefined()
    await signOut(ctx, cookie)
    const ends = await t.system.db
      .selectFrom('audit_entry')
      .select('id')
      .where('kind', '=', 'session:end')
      .where('actor_id', '=', ctx.actorId)
      .execute()
    expect(ends).toHaveLength(1)
  })

  it('of a persona ends where personas are switched off, and its tokens with it', async () => {
    const { cookie } = await signIn()
    const { token } = await issueToken(await personaCtx(t.system, 'dana', 'team'), {})
    expect(await resumeSession(off, cookie)).toBeUndefined()
    await expect(verifyToken(off, token)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(verifyToken(t.system, token)).resolves.toBeDefined()
    await expect(personaCtx(off, 'dana', 'team')).rejects.toMatchObject({ code: 'forbidden' })
  })

  it.each(['', 'x', 'x'.repeat(44), `${'x'.repeat(42)}=`, `${'x'.repeat(42)}'`, 'y'.repeat(43)])(
    'is not what the cookie %j says',
    async (cookie) => {
      expect(await resumeSession(t.system, cookie)).toBeUndefined()
    },
  )
})

describe('the personas', () => {
  it('have a workspace of their own, and one of them reads the sign-ins of the installation', async () => {
    await ensureDefaultWorkspace(off)
    expect(await findWorkspace(t.system, 'default')).toBeUndefined()
    await ensureDefaultWorkspace(t.system)
    await ensureDefaultWorkspace(t.system)
    const held = (await listMembers(systemCtx(t.system))).filter((m) => m.issuer === personaIssuer)
    expect(held.map((m) => [m.subject, m.role])).toEqual([
      ['ingrid', 'admin'],
      ['ingrid', 'auditor'],
    ])
    const { identityId } = await signIn('dana')
    const ingrid = await personaCtx(t.system, 'ingrid', 'quarterdeck')
    expect(ingrid.workspaceId).toBe(rootWorkspaceId)
    const { items } = await listEntries(ingrid, { kind: 'session:start', actorId: identityId })
    expect(items.length).toBeGreaterThan(0)
  })

  it("are not led into the installation's own workspace while they have another", async () => {
    const root = { id: rootWorkspaceId, demo: false }
    const visitor = { issuer: 'https://idp.test', subject: 'vi', name: 'Vi' }
    const [own, demo] = [
      { id: 'ws_own', demo: false },
      { id: 'ws_demo', demo: true },
    ]
    expect(homeOf([root, own, demo])).toBe(demo)
    expect(homeOf([root, own])).toBe(own)
    expect(homeOf([root])).toBe(root)
    expect(homeOf([])).toBeUndefined()
    const { identityId } = await bindRole(systemCtx(t.system), { ...visitor, role: 'auditor' })
    expect(await resolveWorkspace(t.system, identityId, undefined)).toMatchObject({ id: rootWorkspaceId })
    const { id } = await t.workspace()
    await bindRole(systemCtx(t.system, id), { ...visitor, role: 'viewer' })
    expect(await resolveWorkspace(t.system, identityId, undefined)).toMatchObject({ id })
  })

  it('hold together every role, and none of them may both build and approve', () => {
    const held = new Set(personas.flatMap((p) => p.roles))
    for (const role of ['developer', 'approver', 'validator', 'operator', 'auditor', 'admin'] as const)
      expect(held).toContain(role)
    for (const { roles } of personas) expect(roles.includes('developer') && roles.includes('approver')).toBe(false)
  })
})
