import { z } from 'zod'

// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
const statusSchema = z.object({
  reason: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({
      name: z.string().optional(),
      kind: z.string().optional(),
      causes: z
        .array(
          z.object({ reason: z.string().optional(), message: z.string().optional(), field: z.string().optional() }),
        )
        .optional(),
    })
    .optional(),
})

type Status = z.infer<typeof statusSchema>

const sentenceLengthMax = 400
const causesMax = 5

/**
 * What an API server's refusal means, in words that say what to do. `body` is the answer as it came: a `Status` or, from what
 * stands before the handlers (priority and fairness, proxies), text. An object that the server echoes is never repeated.
 */
export function explainStatus(status: number, body: unknown): string {
  const said = statusSchema.safeParse(body).data ?? {}
  const message = sentenceOf(said, body)
  if (status === 401) {
    return 'the API server does not know these credentials: renew the token or the client certificate that the cluster is bound with'
  }
  if (status === 403) return forbidden(message)
  if (status === 404) {
    return isMissingObject(status, body)
      ? message
      : 'the API server does not serve this kind of object: install its resource definition, or choose another traffic strategy'
  }
  if (status === 409) return conflict(said, message)
  if (status === 422 || status === 400) return `the API server refuses the object: ${causesOf(said) ?? message}`
  if (status === 429) return 'the API server is busy and asks to come again later'
  if (status === 415)
    return 'the API server does not take this kind of patch: it is older than server-side apply (1.22)'
  if (status >= 300 && status < 400) return 'the address redirects: bind the cluster with the one that it leads to'
  // A write that was answered so may still be carried out: https://github.com/kubernetes/kubernetes/issues/81260
  return `the API server answered ${status}, and whether a write was carried out is not known before it is read back: ${message}`
}

/** True for a 404 that is about one object; false when the server does not know the kind. */
export function isMissingObject(status: number, body: unknown): boolean {
  return status === 404 && statusSchema.safeParse(body).data?.details?.name !== undefined
}

function forbidden(message: string): string {
  if (/exceeded quota|limited to/.test(message)) return `the quota of the namespace does not allow this: ${message}`
  if (/system:anonymous/.test(message)) {
    return 'the API server sees no credentials: give the cluster a token, a client certificate or an exec plugin'
  }
  if (/ cannot \w+ resource /.test(message)) {
    return `${message}: grant it with the Role in deploy/kubernetes/rbac.yaml`
  }
  return `the cluster does not permit this: ${message}`
}

function conflict(said: Status, message: string): string {
  const owners = said.details?.causes?.filter((cause) => cause.reason === 'FieldManagerConflict') ?? []
  if (owners.length === 0) return `the object has changed in the meantime: ${message}`
  return `other managers own these fields (${owners
    .slice(0, causesMax)
    .map((cause) => `${cause.field ?? '?'}: ${cause.message ?? '?'}`)
    .join('; ')}): take them out of the manifests that they apply`
}

function causesOf(said: Status): string | null {
  const causes = said.details?.causes ?? []
  if (causes.length === 0) return null
  return causes
    .slice(0, causesMax)
    .map((cause) => bounded(`${cause.field ?? 'object'}: ${withoutEcho(cause.message ?? cause.reason ?? 'invalid')}`))
    .join('; ')
}

function sentenceOf(said: Status, body: unknown): string {
  const text = said.message ?? (typeof body === 'string' ? body : '')
  return text.trim() === '' ? 'it gave no reason' : bounded(withoutEcho(text))
}

/** `Invalid value: {"apiVersion":…}` repeats what was sent, which may carry more than a log should. */
function withoutEcho(text: string): string {
  return text
    .replace(/Invalid value: (?:\{.*\}|map\[.*\])(?=:|$)/s, 'Invalid value')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function bounded(text: string): string {
  return text.length <= sentenceLengthMax ? text : `${text.slice(0, sentenceLengthMax)}…`
}
