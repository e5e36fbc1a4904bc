import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { digestFolder } from '#lib/platform/artifact-digest.ts'
import { isProblem, problem } from '#lib/platform/errors.ts'
import { loadModel, predictFlight, type FlightModel } from './model-file.ts'
import { parsePredictRequest } from './predict-request.ts'

const bodyBytesMax = 64 * 1024

/**
 * The model server: `GET /healthz` and `POST /predict` with `{"features": {…}}` → `{"score", "prediction"}`, on
 * 127.0.0.1. It digests the artefact before it listens and throws `conflict` when that is not the expected digest, so
 * that what serves is what was approved. A bad request gets 400 and the name of the field; a well-formed one without a value
 * that the model needs gets 500, as from many a server in production whose feature code meets a null.
 */
export async function startModelServer(options: {
  artifactFolder: string
  expectedDigest: string
  port: number
}): Promise<{ server: Server; port: number; digest: string; variant: string }> {
  const { digest } = await digestFolder(options.artifactFolder)
  if (digest !== options.expectedDigest)
    throw problem(
      'conflict',
      `The artefact's digest is ${digest}, expected ${options.expectedDigest}: its files are not those that were approved.`,
    )
  const model = await loadModel(options.artifactFolder)
  const takeCpuSeconds = meterCpu()
  const health = JSON.stringify({ status: 'ok', variant: model.description.variant, digest })
  const server = createServer((request, response) => {
    handle(request, response, { model, health, takeCpuSeconds }).catch((error: unknown) => answerError(response, error))
  })
  server.requestTimeout = 10_000
  server.listen(options.port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  return { server, port: (server.address() as AddressInfo).port, digest, variant: model.description.variant }
}

type Serving = { model: FlightModel; health: string; takeCpuSeconds: () => number }

async function handle(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0]
  if (path === '/healthz') {
    if (request.method !== 'GET') throw problem('method-not-allowed', 'GET /healthz')
    return answer(response, 200, serving.health)
  }
  if (path !== '/predict') throw problem('not-found', 'This server has GET /healthz and POST /predict.')
  if (request.method !== 'POST') throw problem('method-not-allowed', 'POST /predict')
  const features = parsePredictRequest(await readBody(request))
  const prediction = predictFlight(serving.model, features)
  response.setHeader('x-cpu-seconds', serving.takeCpuSeconds().toFixed(6))
  answer(response, 200, JSON.stringify(prediction))
}

/** CPU seconds since the last answer: every answer carries its part, and the parts add up to what the process spent. */
function meterCpu(): () => number {
  let last = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(last)
    last = process.cpuUsage()
    return (user + system) / 1e6
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > bodyBytesMax) throw problem('too-large', `A request may have ${bodyBytesMax} bytes: send one flight.`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const statusOf = { invalid: 400, 'not-found': 404, 'method-not-allowed': 405, 'too-large': 413 } as const

function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  // The rest of a body that is too large is not read; the connection cannot be used again.
  if (isProblem(error, 'too-large')) response.setHeader('connection', 'close')
  const status = isProblem(error) && error.code in statusOf ? statusOf[error.code as keyof typeof statusOf] : 500
  if (status === 500 && !isProblem(error)) console.error(error)
  const known = isProblem(error) ? { error: error.message, ...error.details } : { error: 'The prediction failed.' }
  answer(response, status, JSON.stringify(known))
}

async function main(): Promise<void> {
  const { PORT } = process.env
  if (PORT === undefined || !/^\d{1,5}$/.test(PORT)) throw problem('invalid', 'Set PORT to a port number (0 for any).')
  // The agent says which artefact it was told to serve; by hand the shorter names do.
  const uri = process.env['QUARTERDECK_ARTIFACT_URI']
  const artifactFolder = process.env['ARTIFACT_DIR'] ?? (uri?.startsWith('file:') ? fileURLToPath(uri) : undefined)
  const expectedDigest = process.env['ARTIFACT_DIGEST'] ?? process.env['QUARTERDECK_ARTIFACT_DIGEST']
  if (!artifactFolder) throw problem('invalid', 'Set ARTIFACT_DIR to the folder of the artefact.')
  if (!expectedDigest) throw problem('invalid', 'Set ARTIFACT_DIGEST to the approved digest, sha256:…')
  const { server, port, digest, variant } = await startModelServer({
    artifactFolder,
    expectedDigest,
    port: Number(PORT),
  })
  console.log(JSON.stringify({ listening: `http://127.0.0.1:${port}`, port, variant, digest }))
  const stop = () => {
    server.close()
    // Requests under way may finish; whoever keeps a connection open after that is cut off.
    setTimeout(() => server.closeAllConnections(), 2_000).unref()
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

if (import.meta.main) {
  try {
    await main()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
