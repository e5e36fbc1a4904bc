import type { ChildProcess } from 'node:child_process'
import { signalGroup, spawnTethered, root } from '../scripts/launch.js'

export type Role = {
  name: string
  args: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** A role that ends by itself with code 0 has done its work and is not started again. */
  once?: boolean
}

export type Supervisor = {
  start(role: Role): void
  /** Stops one role, if it runs, and waits for its end. */
  stop(name: string): Promise<void>
}

const backoffMsMax = 10_000
/** A role that ran for so long counts as healthy: its next end is a first one again. */
const healthyMs = 30_000
const stopMsMax = 20_000

type Running = {
  child: ChildProcess | undefined
  stopping: boolean
  failures: number
  timer: NodeJS.Timeout | undefined
  startedMs: number
}

/**
 * Keeps roles running as children of this process. One that dies is started again after a growing pause; all of them die
 * with this process, however it dies (each holds a pipe to it).
 */
export function createSupervisor(say: (line: string) => void): Supervisor {
  const roles = new Map<string, Running>()

  const launch = (role: Role, state: Running) => {
    state.timer = undefined
    state.startedMs = performance.now()
    const child = spawnTethered(process.execPath, [...role.args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      cwd: root,
      env: { ...process.env, ...role.env },
    })
    state.child = child
    child.on('exit', (code, signal) => {
      state.child = undefined
      // What it left in its process group has nobody to answer to any more.
      signalGroup(child.pid, 'SIGTERM')
      if (state.stopping || (role.once === true && code === 0)) return
      state.failures = performance.now() - state.startedMs > healthyMs ? 1 : state.failures + 1
      const pauseMs = Math.min(backoffMsMax, 250 * 2 ** state.failures)
      say(`${role.name} ended (${signal ?? `code ${code}`}); starting it again in ${(pauseMs / 1000).toFixed(1)} s`)
      state.timer = setTimeout(() => launch(role, state), pauseMs)
    })
    child.on('error', (error) => say(`${role.name} cannot be started: ${error.message}`))
  }

  return {
    start(role) {
      const state: Running = { child: undefined, stopping: false, failures: 0, timer: undefined, startedMs: 0 }
      roles.set(role.name, state)
      launch(role, state)
    },
    async stop(name) {
      const state = roles.get(name)
      if (!state) return
      state.stopping = true
      clearTimeout(state.timer)
      const { child } = state
      if (!child) return
      const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
      child.kill('SIGTERM')
      const force = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), stopMsMax)
      await ended
      clearTimeout(force)
    },
  }
}
