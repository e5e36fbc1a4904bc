import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client } from 'undici'
import { problem } from '#lib/platform/errors.ts'
import type { ReplayEvent } from './replay.ts'

/** Latency of the real server process over one kept-alive connection, one request after the other. */
export type ServerMeasurement = { requests: number; latencyMsP50: number; latencyMsP99: number }

/** Starts the server of an artefact, asks for the prediction of each event, and ends the server. */
export async function measureServer(
  artifact: { folder: string; digest: string },
  events: readonly ReplayEvent[],
): Promise<ServerMeasurement> {
  const server = await spawnModelServer(artifact)
  const client = new Client(server.url)
  try {
    const latenciesMs: number[] = []
    for (const event of events) {
      const body = JSON.stringify({ features: event.features })
      const startMs = performance.now()
      const answer = await client.request({ path: '/predict', method: 'POST', body })
      await answer.body.dump()
      latenciesMs.push(performance.now() - startMs)
      if (answer.statusCode !== 200) throw problem('internal', `The server answered ${answer.statusCode} to ${body}.`)
    }
    latenciesMs.sort((a, b) => a - b)
    const at = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN
    return { requests: latenciesMs.length, latencyMsP50: at(0.5), latencyMsP99: at(0.99) }
  } finally {
    await client.close()
    await server.stop()
  }
}

/** Starts `server.ts` as a process of its own on a free port; resolves when it listens, rejects with what it printed. */
export async function spawnModelServer(artifact: {
  folder: string
  digest: string
}): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./server.ts', import.meta.url))], {
    env: { ...process.env, PORT: '0', ARTIFACT_DIR: artifact.folder, ARTIFACT_DIGEST: artifact.digest },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-4_000)
  })
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      resolve((JSON.parse(line) as { listening: string }).listening)
    })
    child.once('error', reject)
    child.once('close', (code) => reject(problem('internal', `The server ended with ${code}: ${complaint.trim()}`)))
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  return { url, stop }
}
