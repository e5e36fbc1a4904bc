/**
 * A tiny model server for tests and benchmarks: HTTP on PORT, health at /health, predictions everywhere else.
 * It scores by the version's name, and fails, hangs, grows or ends when the request or its environment says so.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'

const version = process.env['QUARTERDECK_VERSION_ID'] ?? 'none'
const failing = process.env['FAIL'] === 'always'
const ballast: Buffer[] = []

// A grandchild, to show that the whole group ends with the agent.
const grandchild =
  process.env['GRANDCHILD'] === 'yes'
    ? spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    : null

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.end('ok')
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const behave = request.headers['x-behave']
    if (behave === 'hang') return
    if (behave === 'crash') process.exit(3)
    if (behave === 'grow') ballast.push(Buffer.alloc(400 * 1024 * 1024, 1))
    const failed = failing || behave === 'fail'
    const waitMs = Number(request.headers['x-wait-ms'] ?? 0)
    const body = JSON.stringify({
      version,
      url: request.url,
      pid: process.pid,
      grandchildPid: grandchild?.pid ?? null,
      score: 0.25,
      prediction: 'late',
      seen: request.headers['x-seen'] ?? null,
    })
    const answer = () => {
      response.writeHead(failed ? 500 : 200, { 'content-type': 'application/json', 'x-cpu-seconds': '0.002' })
      response.end(body)
    }
    if (waitMs > 0) setTimeout(answer, waitMs)
    else answer()
  })
})
if (process.env['FAIL'] === 'start') process.exit(4)
server.listen(Number(process.env['PORT']), '127.0.0.1')
// A model server that does not react to SIGTERM is what the launcher must cope with.
if (process.env['STUBBORN'] === 'yes') process.on('SIGTERM', () => {})
