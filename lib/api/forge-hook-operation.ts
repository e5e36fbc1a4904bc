import { z, type RouteConfig } from '@hono/zod-openapi'
import { problemResponses } from './problem-responses.ts'
import { idParam } from './schemas.ts'

const header = (description: string) => z.string().optional().openapi({ description })

/** What the document says of the address of forges' webhooks: it takes no token, but what proves the connection's secret. */
export const forgeHookOperation: RouteConfig = {
  method: 'post',
  path: '/hooks/forges/{forgeId}',
  operationId: 'receiveDelivery',
  summary: 'Deliver a webhook of a connected repository',
  description:
    'GitHub (`workflow_run`) and GitLab (pipeline events) call this. A run that succeeded becomes evidence of the kind `ci-run` of every version whose lineage names its commit, once; anything else that is signed changes nothing.',
  tags: ['Forges'],
  security: [],
  request: {
    params: idParam('forgeId', 'forge'),
    headers: z.object({
      'x-hub-signature-256': header('GitHub: `sha256=` and the hex HMAC-SHA256 of the body'),
      'x-github-event': header('GitHub: the event'),
      'x-github-delivery': header('GitHub: the id of the delivery'),
      'x-gitlab-token': header('GitLab: the secret, where no signing token is set'),
      'x-gitlab-event': header('GitLab: the event'),
      'webhook-id': header('GitLab with a signing token: the id of the delivery, which is signed too'),
      'webhook-timestamp': header('GitLab with a signing token: seconds since 1970, within five minutes of now'),
      'webhook-signature': header(
        'GitLab with a signing token: `v1,` and the base64 HMAC-SHA256 of the id, the timestamp and the body, with dots between',
      ),
    }),
    body: { required: false, content: { 'application/json': { schema: z.looseObject({}) } } },
  },
  responses: {
    202: {
      description: 'Done',
      content: {
        'application/json': {
          schema: z.object({
            recorded: z.number().int().min(0).openapi({ description: 'how many versions have new evidence' }),
          }),
        },
      },
    },
    ...problemResponses([
      'invalid',
      'unauthenticated',
      'forbidden',
      'not-found',
      'conflict',
      'too-large',
      'unsupported-media-type',
      'rate-limited',
      'internal',
    ]),
  },
}
