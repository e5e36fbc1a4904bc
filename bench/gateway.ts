/**
 * Requests per second and latency through the agent's gateway, next to the same model server asked directly, in one run
 * on one machine: `node bench/gateway.ts [seconds] [concurrency]`. One JSON line a figure. Closed loop: it shows the
 * greatest throughput and the gateway's own share, not the latency at a given rate.
 */
import { Pool } from 'undici'
import { agentProcess } from '#lib/agent/testing/agent-process.ts'
import { provision, setTraffic, viewOf } from '#lib/agent/testing/control.ts'

const seconds = Number(process.argv[2] ?? 5)
const concurrency = Number(process.argv[3] ?? 16)
const body = JSON.stringify({ features: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`f${i}`, i / 7])) })

async function load(
  origin: string,
  path: string,
): Promise<{ latenciesMs: number[]; elapsedMs: number; failed: number }> {
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 })
  const latenciesMs: number[] = []
  let failed = 0
  const startMs = performance.now()
  const endMs = startMs + seconds * 1000
  const client = async () => {
    while (performance.now() < endMs) {
      const beganMs = performance.now()
      const answer = await pool.request({ method: 'POST', path, body, headers: { 'content-type': 'application/json' } })
      await answer.body.dump()
      latenciesMs.push(performance.now() - beganMs)
      if (answer.statusCode !== 200) failed += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, client))
  const elapsedMs = performance.now() - startMs
  await pool.close()
  return { latenciesMs, elapsedMs, failed }
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

async function measure(target: string, origin: string, path: string): Promise<void> {
  await load(origin, path) // The first run warms both sides and is not counted.
  const { latenciesMs, elapsedMs, failed } = await load(origin, path)
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const figures = {
    requestsPerSecond: Math.round(sorted.length / (elapsedMs / 1000)),
    p50Ms: Number(quantile(sorted, 0.5).toFixed(3)),
    p99Ms: Number(quantile(sorted, 0.99).toFixed(3)),
    failed,
  }
  for (const [figure, value] of Object.entries(figures)) {
    console.log(JSON.stringify({ bench: 'gateway', target, concurrency, seconds, figure, value }))
  }
}

const agent = await agentProcess({ concurrencyMax: 1000, versionConcurrencyMax: 1000 })
try {
  await provision(agent, 'flights', { v1: {} })
  await setTraffic(agent, 'flights', { v1: 100 })
  const [server] = (await viewOf(agent, 'flights')).servers
  if (!server?.url) throw new Error('the model server does not run')
  await measure('model server alone', server.url, '/predict')
  await measure('through the gateway', agent.gatewayUrl(), '/endpoints/flights/predict')
} finally {
  await agent.close()
}
