import { z } from 'zod'
import { roles, type Role } from '#lib/access/actions.ts'
import { ownIssuer, rootWorkspaceId } from '#lib/platform/actor.ts'

export const slug = z.string().regex(/^[a-z][a-z0-9-]{1,40}$/, {
  error: 'must be 2 to 41 lower-case letters, digits and dashes, and start with a letter',
})

export const WorkspaceInput = z.strictObject({
  name: slug,
  title: z.string().trim().min(1).max(120),
  demo: z.boolean().default(false),
})
export type WorkspaceInput = z.input<typeof WorkspaceInput>

export const BindRoleInput = z.strictObject({
  issuer: z
    .string()
    .min(1)
    .max(300)
    .refine((v) => v !== ownIssuer, { error: "must not be the installation's own: its roles are given by itself" }),
  subject: z.string().min(1).max(300),
  /** A name for pages, used when the identity is new; its own sign-in renews it. */
  name: z.string().trim().min(1).max(200),
  kind: z.enum(['person', 'service']).default('person'),
  role: z.enum(roles).exclude(['worker']),
  environment: slug.nullable().default(null),
  label: z.string().min(1).max(63).nullable().default(null),
})
export type BindRoleInput = z.input<typeof BindRoleInput>

export const UnbindRoleInput = z.strictObject({
  bindingId: z.string().startsWith('rb_'),
  reason: z.string().trim().min(3).max(1000),
})
export type UnbindRoleInput = z.input<typeof UnbindRoleInput>

/** A role that somebody holds, as far as it matters to whether it may be taken away. */
export type HeldRole = {
  bindingId: string
  role: string
  environment: string | null
  label: string | null
  issuer: string
}
export type Can = { allowed: true } | { allowed: false; because: string }

/** Which acts a thing's state allows: pages and verbs both ask it. */
export const can = {
  /** `members`: the roles held in the same workspace, of which at least every role of admin. */
  unbind: (held: HeldRole, members: readonly HeldRole[]): Can => {
    if (held.issuer === ownIssuer)
      return { allowed: false, because: "it is the installation's own role, without which nothing here would run" }
    const others = members.filter((m) => m.bindingId !== held.bindingId)
    if (isAdmin(held) && !others.some(isAdmin))
      return { allowed: false, because: 'nobody else is admin of the whole workspace: make somebody else admin first' }
    return { allowed: true }
  },
}

// A narrowed admin cannot give roles, and the installation itself gives them to nobody who asks.
function isAdmin(m: HeldRole): boolean {
  return m.role === 'admin' && m.environment === null && m.label === null && m.issuer !== ownIssuer
}

/**
 * Where somebody is who has not said where: the demonstration, else the first workspace of their own. The installation's
 * own workspace is only for those who have no role elsewhere.
 */
export function homeOf<W extends { id: string; demo: boolean }>(workspaces: readonly W[]): W | undefined {
  return workspaces.find((w) => w.demo) ?? workspaces.find((w) => w.id !== rootWorkspaceId) ?? workspaces[0]
}

export const ingestKinds = ['request', 'prediction', 'label', 'heartbeat'] as const
export const IngestKeyInput = z.strictObject({
  endpointId: z.string().startsWith('ep_').nullable().default(null),
  kinds: z.array(z.enum(ingestKinds)).min(1),
})
export type IngestKeyInput = z.input<typeof IngestKeyInput>

export const RevokeIngestKeyInput = z.strictObject({
  keyId: z.string().startsWith('ik_').max(64),
  reason: z.string().trim().min(3).max(1000),
})
export type RevokeIngestKeyInput = z.input<typeof RevokeIngestKeyInput>

export const TokenInput = z.strictObject({ lifetimeSeconds: z.number().int().min(60).max(86_400).default(3600) })
export type TokenInput = z.input<typeof TokenInput>

export const SessionInput = z.strictObject({ sessionId: z.string().regex(/^[0-9a-f]{64}$/) })
export type SessionInput = z.input<typeof SessionInput>

export const RevokeTokenInput = z.strictObject({
  tokenId: z.string().startsWith('tk_').max(64),
  reason: z.string().trim().min(3).max(1000),
})
export type RevokeTokenInput = z.input<typeof RevokeTokenInput>

export type Persona = { subject: string; name: string; title: string; roles: readonly Exclude<Role, 'worker'>[] }

/** The five people of the embedded default: enough for every separation of duties, and nobody who may do everything. */
export const personas: readonly Persona[] = [
  { subject: 'dana', name: 'Dana Okafor', title: 'Model developer', roles: ['developer'] },
  { subject: 'priya', name: 'Priya Raman', title: 'Approver, risk', roles: ['approver'] },
  { subject: 'tomas', name: 'Tomás Vidal', title: 'Approver, validation', roles: ['approver', 'validator'] },
  { subject: 'olu', name: 'Olu Adeyemi', title: 'On-call operator', roles: ['operator'] },
  { subject: 'ingrid', name: 'Ingrid Solberg', title: 'Auditor and administrator', roles: ['auditor', 'admin'] },
]
