import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Writable } from 'node:stream'
import { spawnIdentity, type PostgresUser } from './postgres-user.ts'

export type ProcessExit = { code: number | null; signal: NodeJS.Signals | null }

/** A child that ends when we do. `hangUp` asks it to end by closing the pipe whose end it waits for. */
export type TetheredProcess = {
  child: ChildProcess
  exited: Promise<ProcessExit>
  hangUp(): void
}

/**
 * Runs the program beside a guard that reads from file descriptor 3. We hold the other end of that pipe and never write:
 * when we die, even by kill -9, the kernel closes it, the guard reads end-of-file and sends SIGINT, which PostgreSQL
 * calls a fast shutdown. The shell itself ignores the signals of a terminal, so the order of an ending is ours alone;
 * the guard ignores them with it, hence SIGKILL for the guard once the program is gone.
 */
const tether = `
trap "" INT TERM HUP
"$@" 3<&- &
pg=$!
{ read -r _; kill -INT $pg; } <&3 &
guard=$!
exec 3<&-
wait $pg
code=$?
kill -KILL $guard 2>/dev/null
exit $code
`

/**
 * @param log file descriptors for its standard output and error come from this file, renamed to `<log>.1` when the
 * last run left something in it, so that two runs' logs are all there is
 */
export function spawnTethered(
  program: string,
  args: readonly string[],
  log: string,
  user: PostgresUser,
): TetheredProcess {
  const output = openLog(log)
  try {
    const options: SpawnOptions = {
      ...spawnIdentity(user),
      cwd: '/',
      // A session of its own: Ctrl-C in the terminal must not reach PostgreSQL before we have drained.
      detached: true,
      // Nothing of ours leaks in: PGDATA, PGPORT or LD_LIBRARY_PATH of the caller would change what it does.
      // Next's types demand a NODE_ENV in every environment, also in that of a program that is not Node.
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv,
      stdio: ['ignore', output, output, 'pipe'],
    }
    const child = spawn('/bin/sh', ['-c', tether, 'sh', program, ...args], options)
    const pipe = child.stdio[3] as Writable
    // The far end may close first, when PostgreSQL ends by itself; the exit is what reports that.
    pipe.on('error', () => pipe.destroy())
    const exited = exitOf(child).finally(() => pipe.destroy())
    return { child, exited, hangUp: () => pipe.destroy() }
  } finally {
    closeSync(output)
  }
}

/** Resolves to true if `done` settles within `ms`. */
export async function settlesWithin(done: Promise<unknown>, ms: number): Promise<boolean> {
  const stop = new AbortController()
  const late = delay(ms, false, { signal: stop.signal }).catch(() => false)
  const settled = done.then(
    () => true,
    () => true,
  )
  const first = await Promise.race([settled, late])
  stop.abort()
  return first
}

async function exitOf(child: ChildProcess): Promise<ProcessExit> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return { code, signal }
}

function openLog(log: string): number {
  const previous = statSync(log, { throwIfNoEntry: false })
  if (previous && previous.size > 0) {
    rmSync(`${log}.1`, { force: true })
    renameSync(log, `${log}.1`)
  }
  return openSync(log, 'a', 0o600)
}
