import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openDemo } from '#lib/demo/open-demo.ts'
import { findDemo } from '#lib/demo/reads.ts'
import { ensurePersonaWorkspace } from '#lib/members/ensure-persona-workspace.ts'
import { findWorkspace } from '#lib/members/reads.ts'
import { readConfig } from '#lib/platform/config.ts'
import type { System } from '#lib/platform/context.ts'
import { releaseLease, takeLease, type Lease } from '#lib/platform/lease.ts'
import { dataFolderOf } from '#lib/system/data-folder.ts'
import { openRole } from '#lib/system/installation.ts'
import { prepareFlights } from './prepare.ts'
import { names } from './story/calendar.ts'
import { openService, playScenes } from './story/scenes.ts'
import { setUp } from './story/set-up.ts'
import { openStage, Stopped, type Stage } from './story/stage.ts'
import { follow, openLevers, replayStory, type Levers } from './story/traffic.ts'
import type { Workshop } from './story/versions.ts'

const leaseSeconds = 15

/**
 * The demonstration that `npm start` runs beside the roles: plays the story until its data ends, it is removed, or it is
 * told to stop. It may be killed at any moment: the next run finds what is done and does the rest.
 */
async function main(): Promise<void> {
  const config = readConfig()
  const { system, close } = await openRole(config, 'demo', { outside: false })
  const ended = new AbortController()
  const stop = () => ended.abort()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  try {
    if (await wasRemoved(system)) return
    const lease = await holdLease(system, ended)
    if (lease === undefined) return
    try {
      await play(system, join(dataFolderOf(config), 'demo'), ended)
    } finally {
      ended.abort()
      await releaseLease(system, lease)
    }
  } finally {
    await close()
  }
}

async function wasRemoved(system: System): Promise<boolean> {
  const workspace = await findWorkspace(system, names.workspace.name)
  const demo = workspace && (await findDemo(system.db, workspace.id))
  return demo !== undefined && demo.removed !== null
}

async function play(system: System, folder: string, ended: AbortController): Promise<void> {
  const workshop: Workshop = { dataFolder: join(folder, 'flights'), modelsFolder: join(folder, 'models') }
  await mkdir(folder, { recursive: true })
  const [workspaceId] = await Promise.all([
    ensurePersonaWorkspace(system, names.workspace),
    prepareFlights({ outFolder: workshop.dataFolder }),
  ])
  const levers = openLevers()
  ended.signal.addEventListener('abort', () => levers.stop())
  const stage = openStage(system, workspaceId, {
    state: await openDemo(system, workspaceId),
    signal: ended.signal,
    onState: (state) => {
      follow(levers, state)
      if (state.removed) ended.abort()
    },
  })
  try {
    await playAll(stage, workshop, levers, folder)
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    system.log.info({ because: error.message }, 'the demonstration stops')
  } finally {
    ended.abort()
    await stage.watching
  }
}

async function playAll(stage: Stage, workshop: Workshop, levers: Levers, folder: string): Promise<void> {
  const scene = await setUp(stage, folder)
  await openService(stage, scene, workshop)
  if (stage.state().finished) return
  const scenes = playScenes(stage, scene, workshop)
  // A scene that fails must not end the traffic: what serves goes on serving, and the log says what went wrong.
  const told = scenes.catch((error: unknown) => {
    if (!(error instanceof Stopped)) stage.system.log.error({ err: error }, 'a scene of the demonstration failed')
  })
  await replayStory(stage, scene, levers, workshop.dataFolder)
  await told
}

/** One process plays at a time. Renewed until the end; undefined when told to stop while another one holds it. */
async function holdLease(system: System, ended: AbortController): Promise<Lease | undefined> {
  const holder = `demo-${randomUUID()}`
  let lease = await takeLease(system, 'demo', holder, leaseSeconds)
  while (!lease && !ended.signal.aborted) {
    await system.clock.sleep(1_000, ended.signal)
    lease = await takeLease(system, 'demo', holder, leaseSeconds)
  }
  const renew = async () => {
    while (!ended.signal.aborted) {
      await system.clock.sleep((leaseSeconds / 3) * 1000, ended.signal)
      if (!ended.signal.aborted && !(await takeLease(system, 'demo', holder, leaseSeconds))) ended.abort()
    }
  }
  renew().catch((error: unknown) => {
    system.log.error({ err: error }, 'the lease of the demonstration could not be renewed; it stops')
    ended.abort()
  })
  return lease
}

if (import.meta.main) {
  try {
    await main()
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
}
