import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const launcherPath = fileURLToPath(new URL('./launcher.ts', import.meta.url))

export type Exit = { code: number | null; signal: string | null; error?: string | undefined }

export type Launched = {
  /** The leader of the process group that the command runs in. */
  groupPid: number | undefined
  /** The command's own process id, once it runs. */
  commandPid(): number | undefined
  /** Resolves once the command and all of its group have been told to end; never rejects. */
  exited: Promise<Exit>
  /** Sends a signal to the whole group; no error when it has ended already. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

const message = z.union([
  z.object({ pid: z.number() }),
  z.object({
    exit: z.object({ code: z.number().nullable(), signal: z.string().nullable(), error: z.string().optional() }),
  }),
])

/**
 * Starts a command without a shell, under the launcher, with exactly this environment. `onOutput` gets what it prints,
 * in pieces of at most 4 KiB.
 */
export function launch(
  command: readonly string[],
  env: Record<string, string>,
  onOutput: (text: string) => void,
): Launched {
  const leader: ChildProcess = spawn(process.execPath, [launcherPath, ...command], {
    detached: true,
    env: env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  for (const stream of [leader.stdout, leader.stderr]) {
    stream?.on('data', (chunk: Buffer) => onOutput(chunk.subarray(0, 4096).toString('utf8')))
  }
  let commandPid: number | undefined
  const signal = (name: 'SIGTERM' | 'SIGKILL') => {
    if (leader.pid !== undefined) signalGroup(leader.pid, name)
  }
  const exited = exitOf(leader, (pid) => {
    commandPid = pid
  })
  return { groupPid: leader.pid, commandPid: () => commandPid, exited, signal }
}

function exitOf(leader: ChildProcess, onPid: (pid: number) => void): Promise<Exit> {
  let reported: Exit | undefined
  const lines = createInterface({ input: leader.stdio[3] as Readable })
  lines.on('line', (line) => {
    const parsed = message.parse(JSON.parse(line))
    if ('pid' in parsed) onPid(parsed.pid)
    else reported = parsed.exit
  })
  // A lifeline that breaks is the launcher's end, which its `exit` event reports.
  leader.stdio[3]?.on('error', () => lines.close())
  return new Promise((resolve) => {
    leader.once('error', (error) => resolve({ code: null, signal: null, error: error.message }))
    // `close` comes after the last line of the lifeline was read.
    leader.once('close', (code, signal) => resolve(reported ?? { code, signal }))
    // If the launcher alone was killed (the kernel out of memory, say), its group is still there.
    leader.once('exit', () => {
      if (leader.pid !== undefined) signalGroup(leader.pid, 'SIGKILL')
    })
  })
}

function signalGroup(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
