import { join, resolve } from 'node:path'
import { builtinRegistry } from '#lib/models/builtin-registry.ts'
import { fileKms } from '#lib/platform/adapters/file/kms.ts'
import { agentClient } from '#lib/platform/adapters/local/agent-client.ts'
import { localCluster } from '#lib/platform/adapters/local/cluster.ts'
import { localTraffic } from '#lib/platform/adapters/local/traffic.ts'
import { mlflowUpstream } from '#lib/platform/adapters/mlflow/upstream.ts'
import { smtpNotifier } from '#lib/platform/adapters/smtp/notifier.ts'
import { webhookNotifier } from '#lib/platform/adapters/webhook/notifier.ts'
import type { Config } from '#lib/platform/config.ts'
import type { Ports, System } from '#lib/platform/context.ts'
import { defaultDataFolder } from '#lib/platform/db/postgres-folders.ts'
import { problem } from '#lib/platform/errors.ts'
import type { NotifierPort } from '#lib/platform/ports/notifier.ts'
import { linkedRegistry } from '#lib/registries/linked-registry.ts'
import type { Secrets } from '#lib/platform/secrets.ts'
import { bindCheckpointStore } from './bind-checkpoint-store.ts'

/** The name under which our writes are known at data planes. */
const manager = 'quarterdeck'
const agentTimeoutMs = 3_000
const notifierTimeoutMs = 10_000

/** The adapters of a role that may touch the outside (the worker): cluster bindings by name, the registry by workspace. */
export function outsidePorts(
  config: Config,
  secrets: Secrets,
  system: () => System,
): { ports: Ports; close(): Promise<void> } {
  const client = agentClient({
    adminUrl: `http://127.0.0.1:${config.agentAdminPort}`,
    token: agentToken(secrets),
    timeoutMs: agentTimeoutMs,
  })
  const traffic = localTraffic(client, { manager })
  const cluster = localCluster(client)
  const keys = fileKms({
    folder: resolve(
      /* turbopackIgnore: true */ config.signingKeysFolder ??
        join(config.dataFolder ?? defaultDataFolder(), 'signing-keys'),
    ),
    passphrase: secrets.mac('signing-key-files', 'v1'),
    now: () => system().clock.now(),
  })
  const notifier = outsideNotifier(config, system)
  const stores = config.auditPublish.map((target) => bindCheckpointStore(target, config, () => system().clock))
  const ports: Ports = {
    traffic: (name) => (name === 'local' ? traffic : unbound(name)),
    cluster: (name) => (name === 'local' ? cluster : unbound(name)),
    registry: (workspaceId) => linkedRegistry(system, workspaceId, builtinRegistry(system, workspaceId)),
    upstream: mlflowUpstream,
    kms: () => keys,
    checkpoints: () => stores,
    notifier: () => notifier.port,
  }
  const close = async () => {
    await Promise.all([client.close(), notifier.close()])
  }
  return { ports, close }
}

/** The ports of a role that only serves and records (web, ingest, CLI): the outside is the worker's. */
export function noOutsidePorts(): Ports {
  const refuse = () => {
    throw new Error('this role does not touch the outside: record the intent, the worker carries it out')
  }
  return {
    traffic: refuse,
    cluster: refuse,
    registry: refuse,
    upstream: refuse,
    kms: refuse,
    checkpoints: refuse,
    notifier: refuse,
  }
}

// This machine is reached only where the whole installation is on it: there a receiver on loopback is a person's own trial.
function outsideNotifier(config: Config, system: () => System): { port: NotifierPort; close(): Promise<void> } {
  const options = {
    rules: { loopback: config.personas, allow: config.notifyAllow },
    timeoutMs: notifierTimeoutMs,
    clock: { now: () => system().clock.now() },
  }
  const [mail, webhook] = [smtpNotifier(options), webhookNotifier(options)]
  const port: NotifierPort = {
    deliver: (channel, message) =>
      channel.kind === 'email' ? mail.deliver(channel, message) : webhook.deliver(channel, message),
  }
  return { port, close: () => webhook.close() }
}

/** The bearer token of the local agent's admin API: both sides derive it from the installation's secret. */
export function agentToken(secrets: Secrets): string {
  return secrets.mac('agent-admin', 'local')
}

function unbound(name: string): never {
  throw problem('invalid', `No cluster is bound under the name ${name}. Here there is: local.`, { cluster: name })
}
