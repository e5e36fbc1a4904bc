import type { JWTPayload } from 'jose'
import { problem } from '#lib/platform/errors.ts'
import type { GivenRole, OidcIssuer } from './issuer-config.ts'

/** What an issuer says of somebody, as far as it concerns us. */
export type ClaimedIdentity = {
  issuer: string
  subject: string
  name: string
  kind: 'person' | 'service'
  authTime: Date | null
  /** Undefined where nothing was said of groups: none are configured, or their absence says nothing (`whenAbsent`). */
  groups: string[] | undefined
  /** The roles that its values give; undefined where nothing was said of them, as with groups. */
  roles: GivenRole[] | undefined
}

const valuesMax = 1_000
const valueLengthMax = 300

/**
 * Reads an identity from verified claims. A person or service is (issuer, subject): names and addresses are for pages.
 * @throws `forbidden` when the issuer left groups out because they are too many (Entra above 200: `_claim_names`,
 * `hasgroups`), or a claim is not a list of texts: an error, never fewer roles in silence
 */
export function identityFromClaims(issuer: OidcIssuer, claims: JWTPayload): ClaimedIdentity {
  const paths = [...issuer.claims.roles, ...issuer.claims.groups]
  refuseOverage(issuer, claims, paths)
  const subject = claims.sub ?? ''
  const groups = said(issuer, claims, issuer.claims.groups)
  const values = said(issuer, claims, paths)
  const name = issuer.claims.name.map((path) => at(claims, path)).find((v) => typeof v === 'string' && v.trim() !== '')
  return {
    issuer: issuer.issuer,
    subject,
    name: (typeof name === 'string' ? name.trim() : subject).slice(0, 200),
    kind: isService(claims) ? 'service' : 'person',
    authTime: typeof claims.auth_time === 'number' ? new Date(claims.auth_time * 1000) : null,
    groups: groups?.map((group) => `${issuer.groupPrefix}${group}`),
    roles: values && issuer.roles.filter((r) => values.includes(r.value)).map(({ value: _value, ...role }) => role),
  }
}

function refuseOverage(issuer: OidcIssuer, claims: JWTPayload, paths: readonly string[]): void {
  const elsewhere = claims._claim_names
  const named = typeof elsewhere === 'object' && elsewhere !== null ? Object.keys(elsewhere) : []
  const needed = paths.filter((path) => named.includes(path) || named.includes(path.split('.')[0] ?? ''))
  const hidden = claims.hasgroups === true && paths.includes('groups') ? ['groups'] : []
  const [missing] = [...needed, ...hidden]
  if (missing === undefined) return
  throw problem(
    'forbidden',
    `${issuer.issuer} left the claim ${missing} out of the token because it has too many entries. Map app roles instead of groups, or let the provider send only the groups that are assigned to the application.`,
    { claim: missing },
  )
}

// Keycloak and Entra leave a claim out when it would be empty: whoever has just lost their last role brings none. What was
// left out because it is too long was refused before.
function said(issuer: OidcIssuer, claims: JWTPayload, paths: readonly string[]): string[] | undefined {
  return valuesAt(claims, paths) ?? (paths.length > 0 && issuer.claims.whenAbsent === 'none' ? [] : undefined)
}

function valuesAt(claims: JWTPayload, paths: readonly string[]): string[] | undefined {
  const found = paths.map((path) => ({ path, value: at(claims, path) })).filter(({ value }) => value !== undefined)
  if (found.length === 0) return undefined
  const values = found.flatMap(({ path, value }) => listOf(path, value))
  if (values.length > valuesMax)
    throw problem('forbidden', `The token names ${values.length} roles and groups; at most ${valuesMax} are read.`)
  return [...new Set(values)]
}

function listOf(path: string, value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.every((v): v is string => typeof v === 'string' && v !== '' && v.length <= valueLengthMax)) return list
  throw problem('forbidden', `The claim ${path} of the token is not a list of names.`, { claim: path })
}

// The claim of that very name first: names such as https://example.com/roles have dots of their own.
function at(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

// RFC 9068 §2.2: with client credentials the subject is the client. Entra says `idtyp: app`; Keycloak keeps the names
// that begin with service-account- for clients.
function isService(claims: JWTPayload): boolean {
  const { sub, client_id: client, azp, idtyp, preferred_username: username } = claims
  return (
    (sub !== undefined && (sub === client || sub === azp)) ||
    idtyp === 'app' ||
    (typeof username === 'string' && username.startsWith('service-account-'))
  )
}
