import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AwsClient } from 'aws4fetch'

const startMsMax = 20_000
export const credentials = { accessKeyId: 'conformance', secretAccessKey: 'only for this test run' }

/** A real S3 server (Versity S3 Gateway on a folder, with object versions) on a free port of this machine. */
export async function startBucketServer(program: string): Promise<{
  origin: string
  client: AwsClient
  stop(): Promise<void>
  close(): Promise<void>
}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quarterdeck-s3-'))
  for (const name of ['data', 'versions']) await mkdir(path.join(folder, name))
  const port = await freePort()
  const child = spawn(
    program,
    [
      '--port',
      `127.0.0.1:${port}`,
      '--access',
      credentials.accessKeyId,
      '--secret',
      credentials.secretAccessKey,
      '--quiet',
      'posix',
      '--versioning-dir',
      path.join(folder, 'versions'),
      path.join(folder, 'data'),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const origin = `http://127.0.0.1:${port}`
  const client = new AwsClient({ ...credentials, service: 's3', region: 'us-east-1', retries: 0 })
  const stop = () => stopChild(child)
  await answering(client, origin, child)
  return {
    origin,
    client,
    stop,
    close: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answering(client: AwsClient, origin: string, child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)))
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += 100) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended: ${said}`)
    try {
      if ((await client.fetch(origin)).ok) return
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
    await delay(100)
  }
  throw new Error(`the S3 server does not answer: ${said}`)
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
