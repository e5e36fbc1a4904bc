import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startAgent } from '#lib/agent/agent.ts'
import { readAgentConfig } from '#lib/agent/config.ts'
import { agentIngestSecret } from '#lib/members/ensure-agent-key.ts'
import { ConfigError, localUrl, readConfig } from '#lib/platform/config.ts'
import { createSecrets } from '#lib/platform/secrets.ts'
import { agentToken } from '#lib/system/bind-ports.ts'
import { dataFolderOf } from '#lib/system/data-folder.ts'
import { untilStopped } from './until-stopped.ts'

/** What a model server needs of the environment to find programs and files. Our own secrets are not there. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ']

/** `quarterdeck agent`: the local data plane. It needs no database; it goes on with its last weights while we are away. */
export async function runLocalAgent(): Promise<void> {
  const config = readConfig()
  if (!config.secret) throw new ConfigError('quarterdeck agent: set QUARTERDECK_SECRET to that of the control plane')
  const secrets = createSecrets(config.secret)
  const dataFolder = join(dataFolderOf(config), 'agent')
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const agentConfig = readAgentConfig({
    agentId: 'local',
    dataFolder,
    gatewayPort: config.agentGatewayPort,
    adminPort: config.agentAdminPort,
    adminToken: agentToken(secrets),
    ingest: { url: localUrl(config.host, config.ingestPort), key: agentIngestSecret(secrets) },
    logLevel: config.logLevel,
  })
  const environment = Object.fromEntries(
    inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
  const agent = await startAgent(agentConfig, { environment })
  await untilStopped(() => agent.stop())
}
