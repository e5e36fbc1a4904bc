export type AliasFacts = {
  /** The version that the alias names here, and its number at the registry (null: it did not come from there). */
  intended: { versionId: string; number: number | null } | null
  /** What the alias names there; `versionId` is null while that version is not imported. */
  observed: { number: number; versionId: string | null } | null
  /** The version that we last saw there as intended. */
  verified: string | null
  /** What an outside edit was last told to be. */
  reported: string | null
  outsideEdits: 'report' | 'put-back'
}

export type AliasDecision =
  | { kind: 'none'; because: string }
  | { kind: 'adopt'; versionId: string; because: string }
  | { kind: 'verified'; because: string }
  | { kind: 'carry-out'; because: string }
  | { kind: 'report'; key: string; putBack: boolean; because: string }

/**
 * What to do about one alias that exists here or there. An alias that we never saw in place as intended is ours to carry
 * out; one that was in place and differs was moved by somebody else.
 */
export function decideAlias(facts: AliasFacts): AliasDecision {
  const { intended, observed, verified, reported, outsideEdits } = facts
  if (intended === null) {
    if (observed === null) return { kind: 'none', because: 'the alias is set nowhere' }
    if (observed.versionId === null) return { kind: 'none', because: `version ${observed.number} is not imported yet` }
    const because = `The registry names version ${observed.number}, and nothing was set here.`
    return { kind: 'adopt', versionId: observed.versionId, because }
  }
  if (intended.number === null) return { kind: 'none', because: 'the alias names a version that is only here' }
  const found = observed === null ? 'nothing' : `version ${observed.number}`
  if (observed?.number === intended.number) {
    return verified === intended.versionId && reported === null
      ? { kind: 'none', because: 'the alias is as intended' }
      : { kind: 'verified', because: `Read back as version ${intended.number}.` }
  }
  if (verified !== intended.versionId) {
    return { kind: 'carry-out', because: `intended is version ${intended.number}, there it names ${found}` }
  }
  const key = observed === null ? 'none' : String(observed.number)
  const putBack = outsideEdits === 'put-back'
  const because = `Somebody moved the alias at the registry: it names ${found} there, intended is version ${intended.number}.`
  if (reported === key && !putBack) return { kind: 'none', because: 'the outside edit was told already' }
  return { kind: 'report', key, putBack, because }
}

/** A name that our models may have, from one that a registry has: `Fraud Detector` becomes `fraud-detector`. */
export function localName(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase()
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 54)
    .replace(/-+$/, '')
  return slug.length >= 2 ? slug : `model-${slug}`.replace(/-$/, '')
}
