import { z } from 'zod'

/** Who acts. A person or service is (issuer, subject), never an e-mail address. */
export const Actor = z.object({
  issuer: z.string().min(1).max(300),
  subject: z.string().min(1).max(300),
  kind: z.enum(['person', 'service', 'worker', 'system']),
  /** A name for pages; not part of the identity. */
  name: z.string().min(1).max(200),
  via: z.enum(['console', 'api', 'cli', 'worker', 'ingest', 'start']),
  /** When the person proved who they are, where their issuer says so; null or absent where it does not. */
  authTime: z.date().nullable().optional(),
  /** For the worker: the person or policy that asked. It inherits that person's conflicts of interest. */
  onBehalfOf: z.object({ issuer: z.string(), subject: z.string() }).optional(),
})
export type Actor = z.infer<typeof Actor>

/** Our own issuer: the worker, the sequencer and start-up act under it. */
export const ownIssuer = 'quarterdeck'

/** The issuer of the local personas. Whatever they sign is of the demo kind. */
export const personaIssuer = 'quarterdeck-personas'

/** The issuer of service accounts: their tokens are ours, and name this beside the account's id. */
export const serviceIssuer = 'quarterdeck-service-accounts'

/** Rows that the first migration makes: the installation's own workspace, in which workspaces are created, and who acts there. */
export const rootWorkspaceId = 'ws_00000000000000000000000001'
export const systemIdentityId = 'id_00000000000000000000000001'
export const workerIdentityId = 'id_00000000000000000000000002'

export const workerActor: Actor = {
  issuer: ownIssuer,
  subject: 'worker',
  kind: 'worker',
  name: 'Worker',
  via: 'worker',
}
export const systemActor: Actor = {
  issuer: ownIssuer,
  subject: 'system',
  kind: 'system',
  name: 'Quarterdeck',
  via: 'start',
}

/** The same person or service? Names and channels do not count. */
export function sameIdentity(a: { issuer: string; subject: string }, b: { issuer: string; subject: string }): boolean {
  return a.issuer === b.issuer && a.subject === b.subject
}
