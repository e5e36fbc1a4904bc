import { z } from 'zod'

export type IncidentSeverity = 'sev1' | 'sev2' | 'sev3'
export type IncidentKind =
  | 'rollback'
  | 'rollout-held'
  | 'rollout-failed'
  | 'promotion-unverified'
  | 'drift'
  | 'slo'
  | 'endpoint'
  | 'artifact'
  | 'registry'
  | 'audit-log'
  | 'person'

/** What an entry of the feed is about, as far as the rules look at it. */
export type RuleEntry = {
  kind: string
  resourceKind: string
  resourceId: string
  outcome: 'done' | 'denied' | 'found'
  /** Undefined once it was erased. */
  content:
    | { because: string; resource: { name?: string | undefined }; after?: unknown; drill?: string | undefined }
    | undefined
}

/** Opens an incident, or tells the open one of that fingerprint that it fired again. */
export type Opening = {
  fingerprint: string
  kind: IncidentKind
  title: string
  severity: IncidentSeverity
  /** The harm is over, as read back; somebody still has to look at it. */
  mitigated: boolean
  /** Only tells an open incident how it went on: when a person has resolved it, it opens no other. */
  updatesOnly?: true
  endpointId?: string
  rolloutId?: string
  drill?: string
  because: string
}
/** Resolves what it opened; with `unlessDriftAt` only when nothing else drifts at that endpoint. */
export type Resolving = { resolves: string; because: string; unlessDriftAt?: string }
export type Effect = Opening | Resolving

const text = z.string().optional().catch(undefined)
// Written by other domains: a field that is missing or of another type is as if it were not there.
const After = z
  .object({
    state: text,
    phase: text,
    by: text,
    key: text,
    item: text,
    transition: text,
    level: text,
    feature: text,
    severity: text,
    slo: text,
    endpointId: text,
    endpointName: text,
  })
  .catch({})
type After = z.output<typeof After>
type Told = { because: string; name: string; after: After; drill?: string; id: string; outcome: RuleEntry['outcome'] }

/** What an entry of the audit log asks of incidents, if anything. Pure: the same entry always asks for the same. */
export function effectOf(entry: RuleEntry): Effect | undefined {
  if (entry.outcome === 'denied' || !entry.content) return undefined
  const { because, resource, drill } = entry.content
  const told: Told = {
    because,
    name: resource.name ?? entry.resourceId,
    after: After.parse(entry.content.after),
    id: entry.resourceId,
    outcome: entry.outcome,
    ...(drill === undefined ? {} : { drill }),
  }
  switch (entry.resourceKind) {
    case 'rollout':
      return rolloutEffect(entry.kind, told)
    case 'finding':
      return entry.kind === 'drift:evaluate' ? driftEffect(told) : undefined
    case 'slo':
      return entry.kind === 'slo:evaluate' ? sloEffect(told) : undefined
    case 'endpoint':
      return endpointEffect(told)
    case 'version':
      return artifactEffect(told)
    case 'alias':
      return aliasEffect(told)
    case 'log':
      return entry.kind === 'audit:monitor' ? logEffect(told) : undefined
    default:
      return undefined
  }
}

/** The endpoint and the rollout that an entry concerns, for the timelines of what is open there. */
export function subjectOf(entry: RuleEntry): { endpointId?: string; rolloutId?: string } {
  // What is done to incidents is in their timelines already.
  if (entry.outcome === 'denied' || !entry.content || entry.resourceKind === 'incident') return {}
  if (entry.resourceKind === 'endpoint') return { endpointId: entry.resourceId }
  const { endpointId } = After.parse(entry.content.after)
  return {
    ...(entry.resourceKind === 'rollout' ? { rolloutId: entry.resourceId } : {}),
    ...(endpointId === undefined ? {} : { endpointId }),
  }
}

function rolloutEffect(action: string, told: Told): Effect | undefined {
  const { after, name, id } = told
  const open = (kind: IncidentKind, severity: IncidentSeverity, title: string): Opening => ({
    ...common(told),
    fingerprint: `rollout:${id}`,
    kind,
    severity,
    title: `${title}: ${name}`,
    mitigated: false,
    rolloutId: id,
  })
  if (after.state === 'failed') return open('rollout-failed', 'sev1', 'Rollout failed')
  switch (action) {
    case 'rollout:roll-back':
      if (after.phase === 'not-verified') return open('rollback', 'sev1', 'Rollback requested, not verified')
      if (isTakenBack(after))
        return { ...open('rollback', 'sev2', 'Rolled back and verified'), mitigated: true, updatesOnly: true }
      if (after.phase === 'intent') return open('rollback', 'sev2', 'Rollback requested')
      return undefined
    case 'rollout:hold':
      if (after.phase === 'watch') return open('rollout-held', 'sev2', `${after.item ?? 'The watch'} is in breach`)
      return after.state === 'held' && after.by === 'machine' ? open('rollout-held', 'sev3', 'Rollout held') : undefined
    case 'rollout:promote':
      if (after.phase === 'not-verified')
        return open('promotion-unverified', 'sev2', 'Promotion requested, not verified')
      return after.state === 'succeeded'
        ? { resolves: `rollout:${id}`, because: 'The promotion was verified.' }
        : undefined
    case 'rollout:resume':
      return { resolves: `rollout:${id}`, because: 'The rollout was resumed.' }
    default:
      return undefined
  }
}

// Traffic and alias were read back; what remains of the plan clears up.
function isTakenBack({ state, phase, key }: After): boolean {
  return state === 'rolled-back' || (phase === 'verified' && key !== undefined && key.endsWith('read-alias'))
}

// One incident for all that drifts at an endpoint: ten features that move together wake people once.
function driftEffect(told: Told): Effect | undefined {
  const { after, id } = told
  const { endpointId } = after
  const fingerprint = endpointId === undefined ? `finding:${id}` : `drift:${endpointId}`
  if (after.transition === 'resolved') {
    const because = `${after.feature ?? 'The feature'} does not drift any more.`
    return { resolves: fingerprint, because, ...(endpointId === undefined ? {} : { unlessDriftAt: endpointId }) }
  }
  if (after.level !== 'act') return undefined
  const title = `Drift at ${after.endpointName ?? told.name}: ${after.feature ?? told.name}`
  return { ...common(told), fingerprint, kind: 'drift', severity: 'sev3', title, mitigated: false }
}

function sloEffect(told: Told): Effect | undefined {
  const { after, id, name } = told
  if (after.state === 'ok') return { resolves: `slo:${id}`, because: told.because }
  if (after.state !== 'burning') return undefined
  const severity = after.severity === 'page' ? 'sev2' : 'sev3'
  const title = `Error budget burns: ${name}`
  return { ...common(told), fingerprint: `slo:${id}`, kind: 'slo', severity, title, mitigated: false }
}

function endpointEffect(told: Told): Effect | undefined {
  const { after, id, name } = told
  const fingerprint = `endpoint:${id}`
  if (after.state === 'serving') return { resolves: fingerprint, because: told.because }
  if (told.outcome !== 'found' || (after.state !== 'degraded' && after.state !== 'unreachable')) return undefined
  const severity = after.state === 'unreachable' ? 'sev1' : 'sev2'
  const title = `Endpoint ${after.state}: ${name}`
  return { ...common(told), fingerprint, kind: 'endpoint', severity, title, mitigated: false, endpointId: id }
}

// A version is written once: what else is found about it later is that its artefact is not the one that was approved.
function artifactEffect(told: Told): Effect | undefined {
  if (told.outcome !== 'found') return undefined
  if (told.after.state === 'deleted-upstream') return deletedEffect(told)
  const title = `Artefact changed under its version: ${told.name}`
  const fingerprint = `artifact:${told.id}`
  return { ...common(told), fingerprint, kind: 'artifact', severity: 'sev1', title, mitigated: false }
}

// What was imported is served as before; it cannot be fetched again from where it came.
function deletedEffect(told: Told): Opening {
  const title = `Deleted at its registry: ${told.name}`
  const fingerprint = `deleted:${told.id}`
  return { ...common(told), fingerprint, kind: 'registry', severity: 'sev3', title, mitigated: false }
}

// Whoever altered the log may also be able to put it back: a person ends this incident, never the monitor.
function logEffect(told: Told): Opening | undefined {
  if (told.outcome !== 'found' || told.after.state !== 'mismatch') return undefined
  const title = 'The audit log does not agree with itself or with what was published'
  return {
    ...common(told),
    fingerprint: `log:${told.id}`,
    kind: 'audit-log',
    severity: 'sev1',
    title,
    mitigated: false,
  }
}

// What the registry's other readers are served is not what was decided here.
function aliasEffect(told: Told): Effect | undefined {
  if (told.outcome !== 'found') return undefined
  const title = `Alias moved outside: ${told.name}`
  return {
    ...common(told),
    fingerprint: `alias:${told.id}`,
    kind: 'registry',
    severity: 'sev2',
    title,
    mitigated: false,
  }
}

function common({ because, drill, after }: Told) {
  return {
    because,
    ...(drill === undefined ? {} : { drill }),
    ...(after.endpointId === undefined ? {} : { endpointId: after.endpointId }),
  }
}
