import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AgentConfigInput } from '../config.ts'

const mainPath = fileURLToPath(new URL('../main.ts', import.meta.url))

export const testToken = 'token-of-the-tests'

/** A real agent as a child process on a folder of its own; for tests and benchmarks. */
export type AgentProcess = {
  gatewayUrl(): string
  adminUrl(): string
  pid(): number
  /** Starts it; the ports of the first start are kept over restarts. */
  start(): Promise<void>
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Ends it and removes its folder. */
  close(): Promise<void>
}

export async function agentProcess(over: Partial<AgentConfigInput> = {}): Promise<AgentProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-agent-'))
  let child: ChildProcess | null = null
  let urls = { gatewayUrl: 'http://127.0.0.1:0', adminUrl: 'http://127.0.0.1:0' }
  const start = async () => {
    const config: AgentConfigInput = {
      dataFolder: join(folder, 'data'),
      gatewayPort: portOf(urls.gatewayUrl),
      adminPort: portOf(urls.adminUrl),
      adminToken: testToken,
      logLevel: 'error',
      servers: { backoffMs: 50, stopGraceMs: 500 },
      ...over,
    }
    const path = join(folder, 'agent.json')
    await writeFile(path, JSON.stringify(config), { mode: 0o600 })
    // With an IPC channel the agent also ends when the test process ends without having closed it.
    const started = spawn(process.execPath, [mainPath, path], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    child = started
    const stdout = started.stdout
    if (!stdout) throw new Error('no output of the agent')
    for await (const line of createInterface({ input: stdout })) {
      urls = JSON.parse(line) as typeof urls
      return
    }
    throw new Error('the agent ended before it served')
  }
  const kill = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const ending = child
    child = null
    if (!ending) return
    const ended = new Promise((resolve) => ending.once('exit', resolve))
    if (ending.exitCode !== null || ending.signalCode !== null) return
    ending.kill(signal)
    await ended
  }
  await start()
  return {
    gatewayUrl: () => urls.gatewayUrl,
    adminUrl: () => urls.adminUrl,
    pid: () => child?.pid ?? 0,
    start,
    kill,
    close: async () => {
      await kill('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port || 0)
}
