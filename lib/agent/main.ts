import { readFile } from 'node:fs/promises'
import { startAgent } from './agent.ts'
import { readAgentConfig } from './config.ts'

/** What a model server needs of the environment to find programs and files. The agent's own secrets are not there. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ']

/**
 * The agent as a process: `node lib/agent/main.ts CONFIG.json`. Prints one JSON line `{"gatewayUrl","adminUrl"}` when
 * it serves. Ends gracefully at SIGTERM, SIGINT, or when the process that started it with an IPC channel has gone.
 */
export async function runAgent(path: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const config = readAgentConfig(JSON.parse(await readFile(path, 'utf8')))
  const environment = Object.fromEntries(
    inherited.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  )
  const agent = await startAgent(config, { environment })
  const stop = () => {
    agent.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.once('disconnect', stop)
  process.stdout.write(`${JSON.stringify({ gatewayUrl: agent.gatewayUrl, adminUrl: agent.adminUrl })}\n`)
}

if (import.meta.main) {
  const [path] = process.argv.slice(2)
  if (path === undefined) {
    process.stderr.write('Usage: node lib/agent/main.ts CONFIG.json\n')
    process.exit(2)
  }
  await runAgent(path, process.env)
}
