import { z, type RouteConfig } from '@hono/zod-openapi'
import { problemResponses } from './problem-responses.ts'
import { idParam } from './schemas.ts'

const signed = (description: string) => z.string().optional().openapi({ description })

/** What the document says of the address of webhooks: it takes no token, but a signature by the connection's secret. */
export const registryHookOperation: RouteConfig = {
  method: 'post',
  path: '/hooks/registries/{registryId}',
  operationId: 'wakeRegistry',
  summary: 'Deliver a webhook of a connected registry',
  description:
    'MLflow calls this. A delivery that the secret of the connection signed makes the next reading come sooner, whatever it says; any other is refused in the same words, whether there is such a connection or not.',
  tags: ['Registries'],
  security: [],
  request: {
    params: idParam('registryId', 'registry'),
    headers: z.object({
      'x-mlflow-delivery-id': signed('The id of the delivery, which is signed too'),
      'x-mlflow-timestamp': signed('Seconds since 1970, within five minutes of now'),
      'x-mlflow-signature': signed(
        '`v1,` and the base64 HMAC-SHA256 of the id, the timestamp and the body, with dots between',
      ),
    }),
    body: { required: false, content: { 'application/json': { schema: z.looseObject({}) } } },
  },
  responses: {
    202: {
      description: 'Done',
      content: { 'application/json': { schema: z.object({ accepted: z.literal(true) }) } },
    },
    ...problemResponses(['unauthenticated', 'forbidden', 'not-found', 'rate-limited', 'too-large', 'internal']),
  },
}
