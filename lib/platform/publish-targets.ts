import { z } from 'zod'

/** A place to which the audit log's head is published, as configuration names it. */
export type PublishTarget = { keepsTiles: boolean } & (
  | { kind: 'folder'; folder: string }
  | { kind: 'git'; url: string; branch: string }
  | { kind: 'bucket'; url: string; region: string; lock?: { mode: 'GOVERNANCE' | 'COMPLIANCE'; days: number } }
)

const targetsMax = 10
const text = z.string().min(1).optional()
const Options = z.strictObject({
  tiles: z.enum(['yes', 'no']).default('yes'),
  region: text,
  lock: z.enum(['governance', 'compliance']).optional(),
  days: z.coerce.number().int().min(1).max(36_500).optional(),
})

/**
 * Reads the list of places, separated by blanks:
 * `file:///mnt/other/audit` · `git+https://host/repo.git#branch` (also git+ssh, git+file; the branch is `audit-log` unless
 * named) · `s3+https://host/bucket/prefix?region=eu-central-1&lock=compliance&days=3650`; with `?tiles=no` the checkpoints
 * alone. @throws Error that says which entry is wrong and what it may be
 */
export function parsePublishTargets(list: string): PublishTarget[] {
  const entries = list.split(/\s+/).filter((entry) => entry !== '')
  if (entries.length > targetsMax) throw new Error(`names ${entries.length} places; ${targetsMax} are the most`)
  return entries.map(parseTarget)
}

function parseTarget(entry: string): PublishTarget {
  if (!URL.canParse(entry)) throw new Error(`"${entry}" is not a URL (file://, git+https://, git+ssh://, s3+https://)`)
  const url = new URL(entry)
  if (url.password !== '')
    throw new Error(`a place of the host ${url.host} has a password in its URL: keep secrets out of it`)
  const options = Options.safeParse(Object.fromEntries(url.searchParams))
  if (!options.success) throw new Error(`"${entry}": ${z.prettifyError(options.error).replaceAll('\n', ' ')}`)
  const { tiles, region, lock, days } = options.data
  const keepsTiles = tiles === 'yes'
  const [, scheme = '', inner = ''] = /^(file|git|s3)(?:\+(\w+))?:$/.exec(url.protocol) ?? []
  if (scheme !== 's3' && (region !== undefined || lock !== undefined || days !== undefined))
    throw new Error(`"${entry}": region, lock and days are for s3+https places`)
  if (scheme === 'file' && inner === '' && url.host === '')
    return { kind: 'folder', folder: decodeURIComponent(url.pathname), keepsTiles }
  const bare = `${inner}://${url.username === '' ? '' : `${url.username}@`}${url.host}${url.pathname}`
  if (scheme === 'git' && ['https', 'ssh', 'file'].includes(inner))
    return { kind: 'git', url: bare, branch: branchOf(url.hash, entry), keepsTiles }
  if (scheme === 's3' && (inner === 'https' || inner === 'http')) {
    if (url.pathname.length < 2) throw new Error(`"${entry}" names no bucket`)
    if ((lock === undefined) !== (days === undefined)) throw new Error(`"${entry}": lock and days go together`)
    const locked =
      lock && days
        ? { lock: { mode: lock === 'compliance' ? ('COMPLIANCE' as const) : ('GOVERNANCE' as const), days } }
        : {}
    return { kind: 'bucket', url: bare, region: region ?? 'us-east-1', keepsTiles, ...locked }
  }
  throw new Error(
    `"${entry}" begins with none of file://, git+https://, git+ssh://, git+file://, s3+https://, s3+http://`,
  )
}

// What git check-ref-format allows and more: nothing that git could take for an option or a range.
function branchOf(hash: string, entry: string): string {
  const branch = hash === '' ? 'audit-log' : decodeURIComponent(hash.slice(1))
  if (!/^[A-Za-z0-9][\w-]*(?:\/[A-Za-z0-9][\w-]*)*$/.test(branch) || branch.length > 200)
    throw new Error(`"${entry}" names no usable branch`)
  return branch
}
