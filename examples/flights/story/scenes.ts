import { listFindings } from '#lib/drift/reads.ts'
import { calendar, dayMs, drillDays, names } from './calendar.ts'
import { awaitCanary, deployFirst, newestRollout, startCanary, watchDrift } from './serving.ts'
import type { Scene } from './set-up.ts'
import { as, Stopped, until, type Stage } from './stage.ts'
import { approve, submit, type Workshop } from './versions.ts'

const minuteMs = 60_000

/**
 * The first scene: what must be there before traffic can come. Every step looks whether it is done, so a second run after
 * a kill does what is left.
 */
export async function openService(stage: Stage, scene: Scene, workshop: Workshop): Promise<void> {
  await tell(
    stage,
    'v1',
    'The first version is submitted, approved by two people and deployed.',
    'A second version, with better features.',
  )
  const v1 = await submit(stage, scene, workshop, 'v1', ['main', 'regional'])
  for (const versionId of [v1.main, v1.regional]) {
    await approve(stage, scene, versionId, {
      asks: 'First version: evaluated on the two weeks after its training.',
      priya: 'The evaluation is on later days than the training, and its limits are stated.',
      tomas: 'AUC 0.63 is little, and the card says so. Good enough to begin with.',
    })
  }
  await Promise.all([deployFirst(stage, scene.main, v1.main), deployFirst(stage, scene.regional, v1.regional)])
  const storms = { name: 'storm-days', policy: 'storm-days', features: ['delay'] }
  await watchDrift(stage, scene, workshop, { place: 'main', variant: 'v1', versionId: v1.main, monitor: storms })
}

/** The other scenes, one after the other, while the days are replayed. */
export async function playScenes(stage: Stage, scene: Scene, workshop: Workshop): Promise<void> {
  await reachDay(stage, calendar.secondVersionFrom)
  const v2 = await promoteSecond(stage, scene, workshop)
  await runDrill(stage, scene, v2)
  await reachDay(stage, calendar.thirdVersionFrom)
  await tryThird(stage, scene, workshop)
  await tell(stage, 'after', 'The third version was taken back by the verdict. The days go on until the data ends.', '')
}

async function promoteSecond(stage: Stage, scene: Scene, workshop: Workshop) {
  await tell(
    stage,
    'v2',
    'A second version is submitted and put before two approvers.',
    'Its canary, judged against the first version on the same traffic.',
  )
  const v2 = await submit(stage, scene, workshop, 'v2', ['main', 'regional'])
  for (const versionId of [v2.main, v2.regional]) {
    await approve(stage, scene, versionId, {
      asks: 'Knows the origin and its hours: better by every measure on later days.',
      priya: 'Better than what serves, on the same later days. The need for the origin is stated in the card.',
      tomas: 'AUC 0.656 against 0.629. The canary will tell about the traffic.',
    })
  }
  await tell(
    stage,
    'v2-canary',
    'The second version gets a tenth of the traffic, then half.',
    'Promotion, if the verdict is good.',
  )
  await startCanary(stage, scene.main, v2.main, 'Approved: see it on a tenth of the traffic first.')
  await awaitCanary(stage, scene.main, v2.main)
  await tell(
    stage,
    'v2-regional',
    'The second version follows at the regional endpoint.',
    'Days go by; storm days will be found.',
  )
  await startCanary(stage, scene.regional, v2.regional, 'Good at the main endpoint: now the short flights.')
  const daily = { name: 'daily', policy: 'flights-daily' }
  await watchDrift(stage, scene, workshop, { place: 'main', variant: 'v2', versionId: v2.main, monitor: daily })
  await awaitCanary(stage, scene.regional, v2.regional)
  await watchDrift(stage, scene, workshop, { place: 'regional', variant: 'v2', versionId: v2.regional, monitor: daily })
  await tell(
    stage,
    'days',
    'Days are replayed, labels come late, storm days are found.',
    'A drill in May: the upstream feed breaks.',
  )
  return v2
}

// The drill begins and ends at midnights of event time that are stored before the replay reaches them, so that every run
// breaks the same events.
async function runDrill(stage: Stage, scene: Scene, v2: { main: string; regional: string }): Promise<void> {
  await reachDay(stage, calendar.drillFrom)
  if (stage.state().drillFromMs === null) await stage.advance({ drillFromMs: nextMidnight(stage) })
  const fromMs = stage.state().drillFromMs ?? 0
  if (stage.state().drillToMs === null) {
    await tell(
      stage,
      'drill',
      'DRILL: the upstream feed sends kilometres for miles and drops some origins.',
      'Findings, a burning objective, and two policies that answer differently.',
    )
    await until(stage, 'the drill to be answered', () => drillAnswered(stage, scene, v2, fromMs), 10 * minuteMs)
    await stage.advance({ drillToMs: nextMidnight(stage) })
  }
  const toMs = stage.state().drillToMs ?? 0
  await until(stage, 'the drill to end', () => Promise.resolve(position(stage) > toMs), 5 * minuteMs)
  await tell(
    stage,
    'repaired',
    'The drill is over: the feed sends miles and origins again.',
    'A third version that looks far too good.',
  )
}

/** Answered: drift found, the regional endpoint rolled back, and long enough to watch; or it has lasted too long. */
async function drillAnswered(stage: Stage, scene: Scene, v2: { regional: string }, fromMs: number): Promise<boolean> {
  const days = (position(stage) - fromMs) / dayMs
  if (days >= drillDays.max || stage.state().finished) return true
  if (days < drillDays.min) return false
  const rollout = await newestRollout(stage, scene.regional, v2.regional)
  const { items } = await listFindings(await as(stage, 'olu'), { endpointId: scene.main.endpointId, limit: 100 })
  return rollout?.state === 'rolled-back' && items.some((f) => f.drill !== null && f.feature === 'distance')
}

async function tryThird(stage: Stage, scene: Scene, workshop: Workshop): Promise<void> {
  await tell(
    stage,
    'v3',
    'A third version is submitted. Its offline figures are splendid.',
    'Its canary: what is splendid offline may be a leak.',
  )
  const v3 = await submit(stage, scene, workshop, 'v3', ['main'])
  await approve(stage, scene, v3.main, {
    asks: 'AUC 0.97 on later days: by far the best we have had.',
    priya: 'The figures are far better. The canary will tell.',
    tomas: 'Suspiciously good. Agreed for a canary that is judged on labels, not for more.',
  })
  await tell(stage, 'v3-canary', 'The third version gets a tenth of the traffic.', 'The verdict on its accuracy.')
  await startCanary(stage, scene.main, v3.main, 'Approved: see it on a tenth of the traffic first.')
  await awaitCanary(stage, scene.main, v3.main)
}

const phases = [
  'preparing',
  'v1',
  'v2',
  'v2-canary',
  'v2-regional',
  'days',
  'drill',
  'repaired',
  'v3',
  'v3-canary',
  'after',
  'finished',
] as const

/** Says where the story is; a run that finds earlier scenes done does not say that it is there again. */
async function tell(stage: Stage, phase: (typeof phases)[number], doing: string, next: string): Promise<void> {
  const reached = phases.findIndex((each) => each === stage.state().phase)
  if (phases.indexOf(phase) >= reached) await stage.advance({ phase, doing, next })
}

/** Waits for a day of event time; when the data has ended before, the story ends with it. */
async function reachDay(stage: Stage, day: string): Promise<void> {
  const dayStart = Date.parse(day)
  while (position(stage) < dayStart) {
    if (stage.state().finished) throw new Stopped(`the data ended before ${day}`)
    await stage.pause(500)
  }
}

function position(stage: Stage): number {
  return stage.state().positionMs ?? 0
}

function nextMidnight(stage: Stage): number {
  return (Math.floor(position(stage) / dayMs) + 1) * dayMs
}

/** The label of the drill while the replay is in it, as every finding and page shows it. */
export function drillAt(state: ReturnType<Stage['state']>, eventMs: number, now: Date) {
  const { drillFromMs, drillToMs, drill } = state
  const isOn = drillFromMs !== null && eventMs >= drillFromMs && (drillToMs === null || eventMs < drillToMs)
  if (isOn === (drill !== null)) return drill
  return isOn ? { label: names.drill, since: now.toISOString() } : null
}
