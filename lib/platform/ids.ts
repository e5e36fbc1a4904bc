import { randomInt } from 'node:crypto'
import { v7 } from 'uuid'

/** One table of id kinds. The prefix is part of the id everywhere: UI, API, database and log. */
export const idPrefixes = {
  workspace: 'ws',
  identity: 'id',
  binding: 'rb',
  groupBinding: 'gb',
  delegation: 'dg',
  identityLink: 'il',
  session: 'se',
  token: 'tk',
  ingestKey: 'ik',
  signingKey: 'sk',
  serviceAccount: 'sv',
  entry: 'ae',
  model: 'mo',
  version: 'mv',
  card: 'mc',
  approval: 'ap',
  vote: 'vo',
  evidence: 'ev',
  breakGlass: 'bg',
  environment: 'en',
  endpoint: 'ep',
  rollout: 'ro',
  observation: 'ob',
  profile: 'pf',
  monitor: 'mn',
  finding: 'fi',
  slo: 'sl',
  incident: 'in',
  price: 'pr',
  demo: 'de',
  notification: 'nt',
  notificationChannel: 'nc',
  delivery: 'nd',
  attestation: 'at',
  attestationKey: 'ak',
  registry: 'rg',
  forge: 'fg',
} as const

export type IdKind = keyof typeof idPrefixes
export type Id<K extends IdKind> = `${(typeof idPrefixes)[K]}_${string}`

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const suffix = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/

/**
 * A new id: prefix, underscore and the 26 base-32 characters of a UUIDv7, so that ids of a kind sort by time.
 * Format: TypeID 0.3 (suffix = Crockford base 32 of the 128 bits, most significant first). Randomness comes from the
 * platform's CSPRNG, time from `now`. Ids that a process makes in one millisecond sort in the order in which it made them
 * (RFC 9562 §6.2, a counter after the time that starts at a random number).
 */
export function newId<K extends IdKind>(kind: K, now: Date): Id<K> {
  const bytes = v7({ msecs: now.getTime(), seq: nextInMillisecond(now.getTime()) }, new Uint8Array(16))
  return `${idPrefixes[kind]}_${encode(bytes)}` as Id<K>
}

/** True when the text is an id of that kind; the suffix is checked too. */
export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  const prefix = `${idPrefixes[kind]}_`
  return text.startsWith(prefix) && suffix.test(text.slice(prefix.length))
}

/** The smallest id of a kind that can be made at that millisecond: ids compare with it as their times compare with `at`. */
export function firstIdAt(kind: IdKind, at: Date): string {
  const bytes = new Uint8Array(16)
  const msecs = BigInt(Math.min(Math.max(0, at.getTime()), 2 ** 48 - 1))
  for (let i = 0; i < 6; i++) bytes[i] = Number((msecs >> BigInt(8 * (5 - i))) & 255n)
  return `${idPrefixes[kind]}_${encode(bytes)}`
}

/** The millisecond at which an id was made: the first 48 of its 128 bits. */
export function timeOfId(id: string): Date {
  let bits = 0n
  for (const char of id.slice(id.indexOf('_') + 1)) bits = (bits << 5n) | BigInt(alphabet.indexOf(char))
  return new Date(Number(bits >> 80n))
}

const counter = { msecs: -1, value: 0 }

// Starts below 2^31 of its 32 bits, so two thousand million ids fit a millisecond.
function nextInMillisecond(msecs: number): number {
  const value = counter.msecs === msecs ? counter.value + 1 : randomInt(2 ** 31)
  Object.assign(counter, { msecs, value })
  return value
}

function encode(bytes: Uint8Array): string {
  let bits = 0n
  for (const b of bytes) bits = (bits << 8n) | BigInt(b)
  let out = ''
  for (let i = 0; i < 26; i++) {
    out = (alphabet[Number(bits & 31n)] ?? '') + out
    bits >>= 5n
  }
  return out
}
