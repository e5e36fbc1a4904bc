import { join } from 'node:path'
import { createMonitor } from '#lib/drift/create-monitor.ts'
import { createProfile } from '#lib/drift/create-profile.ts'
import { buildProfile } from '#lib/drift/profile.ts'
import { listMonitors, listProfiles } from '#lib/drift/reads.ts'
import { deployVersion } from '#lib/endpoints/deploy-version.ts'
import { readEndpoint } from '#lib/endpoints/reads.ts'
import { listServing } from '#lib/models/reads.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { listRollouts } from '#lib/rollouts/reads.ts'
import { resumeRollout } from '#lib/rollouts/resume-rollout.ts'
import { startRollout } from '#lib/rollouts/start-rollout.ts'
import type { ModelVariant } from '../feature-slots.ts'
import { loadModel } from '../model-file.ts'
import { readProfileColumns } from '../profile-rows.ts'
import { dayMs, regionalMilesMax } from './calendar.ts'
import type { Place, Scene } from './set-up.ts'
import { as, until, type Stage } from './stage.ts'
import type { Workshop } from './versions.ts'

const minuteMs = 60_000
/** A held canary is looked at again so often by the operator; then it stays held, for whoever watches. */
const resumesMax = 2

/** Olu deploys a first version where none was deployed, and waits until it is read back as serving. */
export async function deployFirst(stage: Stage, place: Place, versionId: string): Promise<void> {
  const olu = await as(stage, 'olu')
  const { endpointId } = place
  const { stable } = await readEndpoint(olu, endpointId)
  if (stable === null) {
    await deployVersion(olu, { endpointId, versionId, reason: 'The first approved version goes into service.' })
  }
  const isServing = async () => (await listServing(olu, { endpointId })).length > 0
  await until(stage, `${place.name} to serve`, isServing, 3 * minuteMs)
}

/** Olu starts a canary of a version, once. The console, the policy and the verdict do the rest. */
export async function startCanary(stage: Stage, place: Place, versionId: string, reason: string): Promise<void> {
  const { endpointId } = place
  const begin = async () => {
    const olu = await as(stage, 'olu')
    if (await newestRollout(stage, place, versionId)) return true
    try {
      await startRollout(olu, { endpointId, versionId, reason })
      return true
    } catch (error) {
      // A cool-down, or a rollout that a visitor began: try again until the way is free.
      if (isProblem(error, 'conflict')) return false
      throw error
    }
  }
  await until(stage, `a canary at ${place.name}`, begin, 5 * minuteMs)
}

/** Waits until the canary of a version has ended; a hold for too few samples is looked at again by Olu. */
export async function awaitCanary(stage: Stage, place: Place, versionId: string): Promise<string> {
  let resumes = 0
  const check = async () => {
    const rollout = await newestRollout(stage, place, versionId)
    if (rollout?.state === 'held' && resumes < resumesMax) {
      await stage.pause(4_000)
      resumes += 1
      const reason = 'Too few samples for a verdict so far: look at this step again.'
      await resumeRollout(await as(stage, 'olu'), { rolloutId: rollout.id, reason }).catch((error: unknown) => {
        if (!isProblem(error, 'conflict')) throw error
      })
    }
    const hasEnded = rollout && ['succeeded', 'rolled-back', 'failed'].includes(rollout.state)
    return hasEnded ? rollout.state : undefined
  }
  return until(stage, `the canary at ${place.name} to end`, check, 8 * minuteMs)
}

export async function newestRollout(stage: Stage, place: Place, versionId: string) {
  const { items } = await listRollouts(await as(stage, 'olu'), { endpointId: place.endpointId, limit: 50 })
  return items.find((r) => r.to.versionId === versionId)
}

/** Dana makes the January profile of a version and watches the place against it. */
export async function watchDrift(
  stage: Stage,
  scene: Scene,
  workshop: Workshop,
  of: {
    place: 'main' | 'regional'
    variant: ModelVariant
    versionId: string
    monitor: { name: string; policy: string; features?: string[] }
  },
): Promise<void> {
  const dana = await as(stage, 'dana')
  const { endpointId } = scene[of.place]
  const monitors = await listMonitors(dana, { endpointId })
  if (monitors.items.some((m) => m.name === of.monitor.name)) return
  const profileId = await ensureProfile(stage, workshop, of)
  await createMonitor(dana, {
    endpointId,
    profileId,
    ...of.monitor,
    windowSeconds: dayMs / 1000,
    labelFeatures: ['delay'],
  })
}

async function ensureProfile(
  stage: Stage,
  workshop: Workshop,
  of: { place: 'main' | 'regional'; variant: ModelVariant; versionId: string },
): Promise<string> {
  const dana = await as(stage, 'dana')
  const { versionId } = of
  const [existing] = await listProfiles(dana, versionId)
  if (existing) return existing.id
  const model = await loadModel(join(workshop.modelsFolder, of.variant))
  const isRegional = of.place === 'regional'
  const columns = await readProfileColumns({
    dataFolder: workshop.dataFolder,
    model,
    ...(isRegional ? { milesBelow: regionalMilesMax } : {}),
  })
  const flights = isRegional ? `flights below ${regionalMilesMax} miles` : 'flights'
  const source = `vega-datasets 3.2.1, ${flights} of January 2001, a sample by hash`
  return (await createProfile(dana, { versionId, source, profile: buildProfile(columns) })).id
}
