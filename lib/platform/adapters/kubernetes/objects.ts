import type { KubernetesAnswer, KubernetesClient } from './client.ts'
import { objectSchema, type KubernetesObject } from './object.ts'
import { explainStatus, isMissingObject } from './status.ts'

export type Manifest = {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    resourceVersion?: string | undefined
    annotations?: Record<string, string>
    labels?: Record<string, string>
  }
  spec: Record<string, unknown>
}

export type ObjectReading =
  | { kind: 'object'; object: KubernetesObject }
  | { kind: 'absent' }
  | { kind: 'unreachable'; because: string }

export type ObjectWriting =
  | { kind: 'object'; object: KubernetesObject }
  /** The object is not (or no longer) as the writer believed. */
  | { kind: 'changed' }
  | { kind: 'refused'; because: string }
  | { kind: 'unreachable'; because: string }

/** The objects of one collection, for example `/api/v1/namespaces/x/services`, written as one field manager. */
export function objectsIn(client: KubernetesClient, collection: string) {
  const at = (name: string) => `${collection}/${encodeURIComponent(name)}`
  return {
    /** Read from the store itself, not from a cache: without a resourceVersion a read is linearizable. */
    read: async (name: string): Promise<ObjectReading> => {
      const answer = await client.call({ method: 'GET', path: at(name) })
      if (answer.kind === 'unreachable') return answer
      if (isMissingObject(answer.status, answer.body)) return { kind: 'absent' }
      if (answer.status !== 200) return { kind: 'unreachable', because: explainStatus(answer.status, answer.body) }
      return understood(answer.body)
    },
    /** Creates it; `changed` when there is one of this name already. */
    create: async (manifest: Manifest, manager: string): Promise<ObjectWriting> =>
      written(
        await client.call({
          method: 'POST',
          path: collection,
          query: { fieldManager: manager, fieldValidation: 'Strict' },
          body: manifest,
        }),
      ),
    /**
     * Server-side apply of the whole intent over the object at exactly `metadata.resourceVersion`. Fields that others own are taken
     * over: who they were is to be seen before. `dryRun` shows what would come of it and stores nothing.
     */
    apply: async (manifest: Manifest, manager: string, options: { dryRun: boolean }): Promise<ObjectWriting> =>
      written(
        await client.call({
          method: 'PATCH',
          path: at(manifest.metadata.name),
          query: {
            fieldManager: manager,
            force: 'true',
            fieldValidation: 'Strict',
            ...(options.dryRun ? { dryRun: 'All' } : {}),
          },
          body: manifest,
          contentType: 'application/apply-patch+yaml',
        }),
      ),
  }
}

function written(answer: KubernetesAnswer): ObjectWriting {
  if (answer.kind === 'unreachable') return answer
  const { status, body } = answer
  if (status === 200 || status === 201) return understood(body)
  if (status === 409 || isMissingObject(status, body)) return { kind: 'changed' }
  return { kind: 'refused', because: explainStatus(status, body) }
}

function understood(
  body: unknown,
): { kind: 'object'; object: KubernetesObject } | { kind: 'unreachable'; because: string } {
  const parsed = objectSchema.safeParse(body)
  if (parsed.success) return { kind: 'object', object: parsed.data }
  const where = parsed.error.issues[0]?.path.join('.') || 'its root'
  return { kind: 'unreachable', because: `the API server answered in a form that is not known here (at ${where})` }
}
