import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** The digest by which a policy is referred to: `sha256:` and the hex SHA-256 of its RFC 8785 canonical JSON. */
export function policyDigest(policy: unknown): `sha256:${string}` {
  const text = canonicalize(policy)
  if (text === undefined) throw new TypeError('a policy must be a JSON value')
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
