import { createHash } from 'node:crypto'
import { addEvidence } from '#lib/models/add-evidence.ts'
import type { ModelView, RegisterVersionInput } from '#lib/models/model.ts'
import { findModelNamed, findVersionNumbered } from '#lib/models/reads.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { workerIdentityId } from '#lib/platform/actor.ts'
import { digestOfFiles } from '#lib/platform/artifact-digest.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import {
  UpstreamError,
  type Upstream,
  type UpstreamArtifact,
  type UpstreamOrigin,
} from '#lib/platform/ports/upstream.ts'
import { localName } from './decide.ts'
import type { RegistryRow } from './queries.ts'
import { isLinked, linkModel, selectMirrorModel } from './queries-mirror.ts'
import { linkVersion, noteFailure, selectWaiting, type WaitingVersion } from './queries-work.ts'

const batch = 50
/** A turn ends after so long, so that its lease is never outlived by much. */
const turnMsMax = 60_000
const retrySecondsMax = 3_600
const digestAgainMs = 600_000
const metricName = /^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/

/**
 * Imports a batch of the versions that wait: the artefact is read and digested by us, then the version is registered, its
 * run's metrics become evidence, and last it is linked. Whatever is done twice is found done. One that fails waits longer
 * each time and stops no other.
 */
export async function importWaiting(system: System, row: RegistryRow, upstream: Upstream): Promise<{ more: boolean }> {
  const began = system.clock.monotonicMs()
  const waiting = await selectWaiting(system.db, row.id, system.clock.now(), batch + 1)
  for (const [i, version] of waiting.slice(0, batch).entries()) {
    if (i > 0 && system.clock.monotonicMs() - began > turnMsMax) return { more: true }
    await importOne(system, row, upstream, version)
  }
  return { more: waiting.length > batch }
}

async function importOne(system: System, row: RegistryRow, upstream: Upstream, waiting: WaitingVersion): Promise<void> {
  const key = { registryId: row.id, name: waiting.name, version: waiting.version }
  try {
    if (!waiting.record.ready) throw new UpstreamError('absent', 'the registry is not done with this version')
    const [origin, artifact] = [
      await upstream.readOrigin(waiting.record),
      await upstream.digestArtifact(waiting.record),
    ]
    const ctx = workerCtx(system, row.workspaceId)
    const model = await modelFor(ctx, row, waiting.name)
    const versionId = await versionFor(ctx, row, model, waiting, { origin, artifact })
    await addMetrics(ctx, row, versionId, waiting, origin)
    const due = new Date(system.clock.now().getTime() + digestAgainMs)
    await housekeep(system, 'registry-mirror', (tx) => linkVersion(tx, key, versionId, due))
  } catch (error) {
    // Nothing about this version is wrong when the registry went away: the whole turn ends.
    if (error instanceof UpstreamError && error.kind === 'unreachable') throw error
    const because =
      error instanceof UpstreamError || isProblem(error) ? error.message : 'It failed on our side; see the log.'
    system.log.warn({ err: error, ...key }, 'a version could not be imported')
    const pause = Math.min(retrySecondsMax, 30 * 2 ** Math.min(waiting.attempts, 7))
    const next = new Date(system.clock.now().getTime() + pause * 1000)
    await housekeep(system, 'registry-mirror', (tx) => noteFailure(tx, key, because, next))
  }
}

/** The model here: the linked one, or a new one; one that a turn made and did not come to link is taken up. */
async function modelFor(ctx: Ctx, row: RegistryRow, name: string): Promise<{ id: string; name: string }> {
  const mirror = await selectMirrorModel(ctx.db, row.id, name)
  if (mirror?.modelId) return { id: mirror.modelId, name }
  const suffix = createHash('sha256').update(`${row.id}\n${name}`).digest('hex').slice(0, 8)
  for (const candidate of [localName(name), `${localName(name)}-${suffix}`]) {
    const model = await registeredOrOwn(ctx, { name: candidate, title: name.slice(0, 120), from: row.name })
    if (!model) continue
    await housekeep(ctx, 'registry-mirror', (tx) => linkModel(tx, row.id, name, model.id))
    return model
  }
  throw new UpstreamError('invalid', `the names that ${name} could have here are taken`)
}

async function registeredOrOwn(
  ctx: Ctx,
  model: { name: string; title: string; from: string },
): Promise<Pick<ModelView, 'id' | 'name'> | undefined> {
  const { name, title, from } = model
  try {
    return await registerModel(ctx, { name, title: title.trim() || name, description: `Imported from ${from}.` })
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error
    const found = await findModelNamed(ctx.db, ctx.workspaceId, name)
    // Only imports are made by the worker: one that nothing links to is what a turn left behind.
    const isLeft = found?.createdBy === workerIdentityId && found.title === title && !(await isLinked(ctx.db, found.id))
    return isLeft ? found : undefined
  }
}

async function versionFor(
  ctx: Ctx,
  row: RegistryRow,
  model: { id: string },
  waiting: WaitingVersion,
  read: { origin: UpstreamOrigin; artifact: UpstreamArtifact },
): Promise<string> {
  const { origin, artifact } = read
  const { record } = waiting
  const digest = digestOfFiles(artifact.files)
  const metrics = usable(origin.metrics)
  const input: RegisterVersionInput = {
    modelId: model.id,
    version: `${waiting.version}.0.0`,
    digest,
    artifactUri: artifact.uri.slice(0, 2_000),
    files: artifact.files,
    lineage: {
      ...(origin.runId === null ? {} : { run: origin.runId }),
      datasets: origin.datasets
        .slice(0, 50)
        .map(({ name, digest: d }) => ({ name: name.slice(0, 300), ...(d === '' ? {} : { digest: d.slice(0, 200) }) })),
      features: artifact.inputs,
      ...(origin.code === null ? {} : { code: origin.code.slice(0, 500) }),
    },
    evaluation: { dataset: (origin.evaluatedOn ?? '').slice(0, 300), metrics, notes: notesOf(row, waiting, origin) },
    card: record.description.slice(0, 60_000),
  }
  try {
    return (await registerVersion(ctx, input)).id
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error
    const found = await findVersionNumbered(ctx.db, model.id, input.version)
    if (found?.digest === digest) return found.id
    throw new UpstreamError('invalid', `version ${input.version} is here already, with another artefact`)
  }
}

function notesOf(row: RegistryRow, { name, version }: WaitingVersion, { user, params }: UpstreamOrigin): string {
  const told = Object.entries(params).map(([key, value]) => `${key}=${value}`)
  const by = user === null ? '' : ` Its run says that it was made by ${user}.`
  const with_ = told.length === 0 ? '' : ` Parameters: ${told.join(', ')}.`
  return `Version ${version} of ${name} at ${row.name} (${row.url}).${by}${with_}`.slice(0, 4_000)
}

/** The run's metrics as evidence; a retry finds that they were added. */
async function addMetrics(
  ctx: Ctx,
  row: RegistryRow,
  versionId: string,
  waiting: WaitingVersion,
  origin: UpstreamOrigin,
): Promise<void> {
  const metrics = Object.fromEntries(Object.entries(usable(origin.metrics)).slice(0, 500))
  if (origin.runId === null || Object.keys(metrics).length === 0) return
  const madeMs = Math.min(waiting.record.createdMs, ctx.clock.now().getTime())
  try {
    await addEvidence(ctx, {
      versionId,
      kind: 'evaluation',
      content: { metrics, dataset: (origin.evaluatedOn ?? '').slice(0, 2_000), notes: `MLflow run ${origin.runId}` },
      source: { kind: 'mlflow-run', id: origin.runId, url: row.url },
      measuredAt: new Date(madeMs).toISOString(),
    })
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error
  }
}

function usable(metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => metricName.test(name)))
}
