/**
 * How many prediction events a second ingest takes, end to end: HTTP, reading, validation, binning, commit. One JSON line for
 * each figure.
 *
 *   node bench/ingest.ts [events=200000] [batch=1000] [clients=8]
 *
 * Everything runs on this machine: the clients and PostgreSQL share its cores with the server, and the figure is what all of
 * them reach together. Beside it, on the same lines, what one core does of it alone: parse, then parse and validate. Events
 * have ten features and are about 400 bytes; every one of them is kept in the database until its label comes.
 */
import { createEndpoint } from '#lib/endpoints/create-endpoint.ts'
import { createMonitor } from '#lib/drift/create-monitor.ts'
import { createProfile } from '#lib/drift/create-profile.ts'
import { buildProfile } from '#lib/drift/profile.ts'
import { startIngest } from '#lib/ingest/server.ts'
import { parseEvents } from '#lib/ingest/parse.ts'
import { createIngestKey } from '#lib/members/create-ingest-key.ts'
import { createWorkspace } from '#lib/members/create-workspace.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerModel } from '#lib/models/register-model.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import { benchPerson, onBenchSystem } from './installation.ts'
import { generator } from './simulation.ts'

const [events = 200_000, batch = 1000, clients = 8] = process.argv.slice(2).map(Number)
if (!(events >= 1000 && batch >= 1 && clients >= 1)) {
  console.error('usage: node bench/ingest.ts [events 1000…] [batch 1…] [clients 1…]')
  process.exit(2)
}

const random = generator(1)
const names = Array.from({ length: 10 }, (_, i) => `feature_${i}`)
const startMs = Date.parse('2026-01-05T00:00:00Z')

await onBenchSystem(measure)

async function measure(system: System): Promise<void> {
  const { key, endpoint, version } = await prepare(system)
  const bodies = makeBodies(endpoint, version)
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
  report('event-bytes', bytes / events, 'bytes')
  const parsed = timed(() => {
    for (const body of bodies) for (const line of body.toString().split('\n')) JSON.parse(line)
  })
  report('parse-alone', events / parsed, 'events/s', { core: 1 })
  const validated = timed(() => {
    for (const body of bodies) parseEvents(body, 'ndjson')
  })
  report('parse-and-validate', events / validated, 'events/s', { core: 1 })
  const ingest = await startIngest(system, { port: 0, host: '127.0.0.1' })
  const began = performance.now()
  const cpuBefore = process.cpuUsage()
  let next = 0
  const latencies: number[] = []
  const client = async () => {
    for (let at = next++; at < bodies.length; at = next++) {
      const sent = performance.now()
      const response = await fetch(`${ingest.url}/v1/events`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/x-ndjson',
          'x-batch-id': `bench/${at}`,
        },
        body: new Uint8Array(bodies[at] ?? Buffer.alloc(0)),
      })
      if (response.status !== 200) throw new Error(`ingest answered ${response.status}: ${await response.text()}`)
      await response.arrayBuffer()
      latencies.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - began) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  await ingest.stop()
  latencies.sort((a, b) => a - b)
  report('end-to-end', events / seconds, 'events/s', { batch, clients, cores: 'all, with clients and PostgreSQL' })
  report('node-cpu', (cpu.user + cpu.system) / events, 'µs/event', { with: 'the clients' })
  report('answer-p50', latencies[Math.floor(latencies.length / 2)] ?? 0, 'ms')
  report('answer-p99', latencies[Math.floor(latencies.length * 0.99)] ?? 0, 'ms')
  report('memory-peak', process.resourceUsage().maxRSS / 1024, 'MiB')
}

async function prepare(system: System) {
  const { id: workspaceId } = await createWorkspace(systemCtx(system), { name: 'bench', title: 'Benchmark' })
  const as = (role: 'developer' | 'operator' | 'admin') => benchPerson(system, workspaceId, { role, name: 'bench' })
  const [developer, operator] = [await as('developer'), await as('operator')]
  const environment = await createEnvironment(await as('admin'), { name: 'production' })
  const model = await registerModel(developer, { name: 'bench', title: 'Benchmark' })
  const version = await registerVersion(developer, {
    modelId: model.id,
    version: '1.0.0',
    digest: `sha256:${'a'.repeat(64)}`,
    artifactUri: 'file:///bench',
  })
  const endpoint = await createEndpoint(operator, {
    modelId: model.id,
    environmentId: environment.id,
    name: 'bench',
    template: { command: ['true'] },
    rolloutPolicy: 'guarded-canary',
  })
  const columns = Object.fromEntries(names.map((name) => [name, Array.from({ length: 5000 }, () => random() * 1000)]))
  const profile = await createProfile(developer, {
    versionId: version.id,
    source: 'made up',
    profile: buildProfile(columns),
  })
  await createMonitor(developer, { endpointId: endpoint.id, profileId: profile.id, name: 'hourly' })
  const { secret } = await createIngestKey(operator, { kinds: ['prediction'] })
  return { key: secret, endpoint: endpoint.id, version: version.id }
}

function makeBodies(endpoint: string, version: string): Buffer[] {
  return Array.from({ length: Math.ceil(events / batch) }, (_, b) => {
    const lines = Array.from({ length: Math.min(batch, events - b * batch) }, (_, i) => {
      const features = Object.fromEntries(names.map((name) => [name, Math.round(random() * 1e5) / 100]))
      const id = `${b}-${i}`
      const time = startMs + (b * batch + i) * 100
      return JSON.stringify({
        type: 'prediction',
        id,
        time,
        endpoint,
        version,
        generation: 1,
        features,
        score: random(),
      })
    })
    return Buffer.from(lines.join('\n'))
  })
}

function timed(work: () => void): number {
  const began = performance.now()
  work()
  return (performance.now() - began) / 1000
}

function report(figure: string, value: number, unit: string, more: object = {}): void {
  console.log(JSON.stringify({ figure, value: Number(value.toPrecision(4)), unit, ...more }))
}
