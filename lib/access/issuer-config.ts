import { parse } from 'yaml'
import { z } from 'zod'
import { compileCel, type CelProgram } from '#lib/platform/cel.ts'
import { ownIssuer, personaIssuer, serviceIssuer } from '#lib/platform/actor.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { roles } from './actions.ts'

/** Signature algorithms that an issuer may be pinned to: asymmetric ones only, so no public key can be taken for a secret. */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])
const slug = z.string().regex(/^[a-z][a-z0-9-]{1,40}$/, {
  error: 'must be 2 to 41 lower-case letters, digits and dashes, and start with a letter',
})
const path = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\s]+$/, { error: 'must be a dotted path such as realm_access.roles' })

/** An address whose answers are trusted: HTTPS, or HTTP on this very machine. */
const safeUrl = z.string().refine(isSafeUrl, { error: 'must be an https:// URL (http:// only on loopback)' })

/** True for an address that keys and tokens may come from: HTTPS, or HTTP on loopback, without credentials in it. */
export function isSafeUrl(text: string): boolean {
  if (text.length > 500 || !URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname))
}

const given = {
  workspace: slug,
  role: z.enum(roles).exclude(['worker']),
  environment: slug.nullable().default(null),
  label: z.string().min(1).max(63).nullable().default(null),
}
const GivenRole = z.strictObject(given)
/** A role that claims give, in the workspace of that name. */
export type GivenRole = z.output<typeof GivenRole>

const verification = {
  name: slug,
  issuer: safeUrl.refine((v) => !([ownIssuer, personaIssuer, serviceIssuer] as string[]).includes(v), {
    error: "must not be the installation's own",
  }),
  algorithms: z.array(z.enum(signatureAlgorithms)).min(1).max(4),
  clockToleranceSeconds: z.number().int().min(0).max(60).default(30),
  jwksUri: safeUrl.optional(),
  jwksMaxAgeSeconds: z.number().int().min(5).max(3600).default(300),
}
const maxAgeSeconds = z.number().int().min(60).max(86_400)
const audiences = z.array(z.string().min(1).max(300)).min(1).max(10)

const Oidc = z.strictObject({
  ...verification,
  title: z.string().trim().min(1).max(60).optional(),
  signIn: z
    .strictObject({
      clientId: z.string().min(1).max(300),
      clientSecret: z
        .strictObject({
          env: z.string().regex(/^QUARTERDECK_OIDC_SECRET_[A-Z0-9_]+$/, {
            error: 'must be the name of an environment variable that begins with QUARTERDECK_OIDC_SECRET_',
          }),
        })
        .optional(),
      clientAuth: z.enum(['basic', 'post']).default('basic'),
      scopes: z.array(z.string().min(1).max(100)).min(1).max(20).default(['openid', 'profile']),
      /** Where the claims of roles and groups are read at sign-in. */
      claimsFrom: z.enum(['id-token', 'access-token']).default('id-token'),
    })
    .optional(),
  api: z
    .strictObject({
      audience: audiences,
      typ: z.array(z.string().min(1).max(40)).min(1).max(4).default(['at+jwt']),
      maxAgeSeconds: maxAgeSeconds.default(86_400),
    })
    .optional(),
  claims: z
    .strictObject({
      name: z.array(path).max(5).default(['name', 'preferred_username']),
      roles: z.array(path).max(5).default([]),
      groups: z.array(path).max(5).default([]),
      /** What a token without any of these claims says: that there are no roles, or nothing, so that those before stay. */
      whenAbsent: z.enum(['none', 'keep']).default('none'),
    })
    .default({ name: ['name', 'preferred_username'], roles: [], groups: [], whenAbsent: 'none' }),
  /** Put before each group's name, so that groups of two issuers differ wherever they are written. */
  groupPrefix: z.string().max(60).default(''),
  roles: z
    .array(z.strictObject({ ...given, value: z.string().min(1).max(300) }))
    .max(500)
    .default([]),
  /** How long a role that a claim gave stays when nothing more is heard of its holder. */
  rememberHours: z.number().int().min(1).max(720).default(24),
})

const Workload = z.strictObject({
  ...verification,
  audience: audiences,
  typ: z.array(z.string().min(1).max(40)).max(4).optional(),
  maxAgeSeconds: maxAgeSeconds.default(3600),
  services: z
    .array(
      z.strictObject({
        when: z.string().min(1).max(4096),
        service: slug,
        title: z.string().trim().min(1).max(120).optional(),
        roles: z.array(GivenRole).max(20).default([]),
      }),
    )
    .min(1)
    .max(200),
})

const IssuersFile = z.strictObject({
  apiVersion: z.literal('quarterdeck/v1'),
  kind: z.literal('Issuers'),
  issuers: z.array(Oidc).max(50).default([]),
  workloads: z.array(Workload).max(50).default([]),
})

export type OidcIssuer = Omit<z.output<typeof Oidc>, 'signIn'> & {
  kind: 'oidc'
  signIn: (Omit<NonNullable<z.output<typeof Oidc>['signIn']>, 'clientSecret'> & { clientSecret?: string }) | undefined
}
export type WorkloadService = z.output<typeof Workload>['services'][number] & { condition: CelProgram }
export type WorkloadIssuer = Omit<z.output<typeof Workload>, 'services'> & {
  kind: 'workload'
  services: readonly WorkloadService[]
}
export type Issuer = OidcIssuer | WorkloadIssuer

/**
 * Reads a file of issuers. Secrets are named in it and come from `secrets`, never from the file.
 * @throws Error that lists everything that is wrong with it, each with its place
 */
export function parseIssuers(text: string, secrets: Readonly<Record<string, string>>): Issuer[] {
  const parsed = IssuersFile.safeParse(parse(text))
  if (!parsed.success)
    throw new Error(listOf(parsed.error.issues.map((i) => `${i.path.map(String).join('.')}: ${i.message}`)))
  const wrong: string[] = []
  const people = parsed.data.issuers.map((issuer, i): OidcIssuer => oidcOf(issuer, `issuers.${i}`, secrets, wrong))
  const machines = parsed.data.workloads.map((each, i): WorkloadIssuer => workloadOf(each, `workloads.${i}`, wrong))
  const all = [...people, ...machines]
  for (const key of ['name', 'issuer'] as const) {
    const twice = all.map((i) => i[key]).filter((value, n, values) => values.indexOf(value) !== n)
    for (const value of new Set(twice)) wrong.push(`${key} ${value} stands there twice: each issuer has one entry`)
  }
  if (wrong.length > 0) throw new Error(listOf(wrong))
  return all
}

function oidcOf(
  { signIn, ...issuer }: z.output<typeof Oidc>,
  where: string,
  secrets: Readonly<Record<string, string>>,
  wrong: string[],
): OidcIssuer {
  if (!signIn && !issuer.api) wrong.push(`${where}: say signIn or api: as it stands nobody can use it`)
  if (issuer.roles.length > 0 && issuer.claims.roles.length + issuer.claims.groups.length === 0)
    wrong.push(`${where}.roles: name the claims to read values from, in claims.roles or claims.groups`)
  if (!signIn) return { ...issuer, kind: 'oidc', signIn: undefined }
  const { clientSecret: named, ...rest } = signIn
  const secret = named && secrets[named.env]
  if (named && !secret) wrong.push(`${where}.signIn.clientSecret.env: the variable ${named.env} is not set`)
  if (!rest.scopes.includes('openid')) wrong.push(`${where}.signIn.scopes: must have openid`)
  return { ...issuer, kind: 'oidc', signIn: { ...rest, ...(secret ? { clientSecret: secret } : {}) } }
}

function workloadOf(workload: z.output<typeof Workload>, where: string, wrong: string[]): WorkloadIssuer {
  const services = workload.services.flatMap((service, i): WorkloadService[] => {
    try {
      return [{ ...service, condition: compileCel(service.when, { variables: ['claims'] }) }]
    } catch (error) {
      if (!isProblem(error)) throw error
      wrong.push(`${where}.services.${i}.when: ${error.message}`)
      return []
    }
  })
  return { ...workload, kind: 'workload', services }
}

function listOf(lines: string[]): string {
  return `The issuers are not valid:\n${lines.map((l) => `  - ${l}`).join('\n')}`
}
