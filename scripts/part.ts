import type { ChildProcess } from 'node:child_process'
import { StringDecoder } from 'node:string_decoder'
import { binScript, signalGroup, spawnTethered } from './launch.js'

/** One step of a longer run: a command of node_modules/.bin, or the path of a script when it ends in .ts or .js. */
export type Part = {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly msMax: number
  readonly env?: Readonly<Record<string, string>>
}

/** `problem` says why the part failed; undefined means that it ended with exit code 0. */
export type Outcome = { readonly output: string; readonly problem: string | undefined; readonly durationMs: number }

const outputCharsMax = 4_000_000
const running = new Set<ChildProcess>()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopAll(name))

/**
 * Runs a part to its end in a process group of its own, which is ended when the part takes longer than `msMax` or when this
 * process is told to stop. `stream` also passes the output on as it comes. Never rejects: a part that cannot start has a problem.
 */
export async function runPart(part: Part, show: 'stream' | 'collect'): Promise<Outcome> {
  const startedMs = performance.now()
  const script = /\.[jt]s$/.test(part.command) ? part.command : binScript(part.command)
  const ended = (output: string, problem: string | undefined): Outcome => ({
    output,
    problem,
    durationMs: performance.now() - startedMs,
  })
  if (script === undefined) return ended('', `there is no command ${part.command} in node_modules/.bin`)
  const env = { ...process.env, ...part.env }
  const child = spawnTethered(process.execPath, [script, ...part.args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  running.add(child)
  let output = ''
  const collect = (stream: NodeJS.ReadableStream | null, sink: NodeJS.WriteStream): void => {
    const decoder = new StringDecoder('utf8')
    stream?.on('data', (chunk: Buffer) => {
      // The end of the output holds the summary, so the beginning is what may go.
      output = (output + decoder.write(chunk)).slice(-outputCharsMax)
      if (show === 'stream') sink.write(chunk)
    })
  }
  collect(child.stdout, process.stdout)
  collect(child.stderr, process.stderr)
  const problem = await ending(child, part.msMax)
  running.delete(child)
  // What a part leaves running (a server of a crashed test) must not disturb the next part.
  signalGroup(child.pid, 'SIGKILL')
  return ended(output, problem)
}

async function ending(child: ChildProcess, msMax: number): Promise<string | undefined> {
  const limit = Promise.withResolvers<string>()
  const timer = setTimeout(() => {
    signalGroup(child.pid, 'SIGKILL')
    limit.resolve(`took longer than ${msMax / 1000} s and was ended`)
  }, msMax)
  const exit = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(`cannot start: ${error.message}`))
    child.on('exit', (code, signal) => {
      const problem = code === 0 ? undefined : `exit ${code ?? signal}`
      // A process left behind can hold the output open for ever: what was written until now is enough then.
      setTimeout(() => resolve(problem), 2_000).unref()
      child.on('close', () => resolve(problem))
    })
  })
  const problem = await Promise.race([limit.promise, exit])
  clearTimeout(timer)
  return problem
}

function stopAll(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  for (const child of running) signalGroup(child.pid, 'SIGTERM')
  setTimeout(() => {
    for (const child of running) signalGroup(child.pid, 'SIGKILL')
    process.exit(name === 'SIGINT' ? 130 : name === 'SIGHUP' ? 129 : 143)
  }, 2_000)
}
