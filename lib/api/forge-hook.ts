import { receiveDelivery } from '#lib/forges/receive-delivery.ts'
import type { System } from '#lib/platform/context.ts'
import { problem } from '#lib/platform/errors.ts'
import { isId } from '#lib/platform/ids.ts'
import { checkHost } from '#lib/platform/request-origin.ts'
import { jsonAnswer } from './answer.ts'
import { readBytes } from './body.ts'
import type { Api } from './scope.ts'

const path = '/api/v1/hooks/forges/:forgeId'
/** A workflow_run event has some thirty thousand bytes; a pipeline of hundreds of builds has several times that. */
const bytesMax = 1_048_576

const headerNames = [
  'x-github-event',
  'x-github-delivery',
  'x-hub-signature-256',
  'x-gitlab-event',
  'x-gitlab-token',
  'x-gitlab-event-uuid',
  'idempotency-key',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
]

/**
 * Where GitHub and GitLab deliver the webhooks of a connected repository. Each address has its own share of the rate limit,
 * taken before anything is read. Signatures are over bytes, so that nothing is parsed before they hold.
 */
export function addForgeHook(app: Api, system: System, admit: (who: string) => void): void {
  app.post(path, async (c) => {
    c.set('route', '/api/v1/hooks/forges/{forgeId}')
    checkHost(system.config, c.req.header('host'))
    const forgeId = c.req.param('forgeId')
    if (!isId('forge', forgeId)) throw problem('not-found', 'There is no such address for webhooks.')
    admit(forgeId)
    const essence = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
    if (essence !== 'application/json')
      throw problem('unsupported-media-type', 'Set the content type of the webhook to application/json.')
    const body = await readBytes(c.req.raw, bytesMax)
    const headers = Object.fromEntries(headerNames.map((name) => [name, c.req.header(name)]))
    return jsonAnswer(await receiveDelivery(system, { forgeId, headers, body }), 202)
  })
}
