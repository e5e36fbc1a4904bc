import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { isId } from '#lib/platform/ids.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { wakeRegistry } from '#lib/registries/wake-registry.ts'
import { jsonAnswer } from './answer.ts'
import { readBytes } from './body.ts'
import type { Api } from './scope.ts'

const path = '/api/v1/hooks/registries/:registryId'
/** MLflow's bodies have a few hundred bytes; a model's description is the longest part of one. */
const bytesMax = 262_144

/**
 * Where MLflow delivers its webhooks: signed by the connection's secret, and only a hint to read again. Each address has its
 * own share of the rate limit, taken before anything is read.
 */
export function addRegistryHook(app: Api, system: System, admit: (who: string) => void): void {
  app.post(path, async (c) => {
    c.set('route', '/api/v1/hooks/registries/{registryId}')
    checkHost(system.config, c.req.header('host'))
    const registryId = c.req.param('registryId')
    if (!isId('registry', registryId)) throw problem('not-found', 'There is no such address for webhooks.')
    admit(registryId)
    const body = await readBytes(c.req.raw, bytesMax)
    const headers = {
      id: c.req.header('x-mlflow-delivery-id'),
      timestamp: c.req.header('x-mlflow-timestamp'),
      signature: c.req.header('x-mlflow-signature'),
    }
    await wakeRegistry(system, { registryId, headers, body })
    return jsonAnswer({ accepted: true }, 202)
  })
}
