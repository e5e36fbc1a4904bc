import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import type { KubernetesClient } from '#lib/platform/adapters/kubernetes/client.ts'

const rbac = path.join(import.meta.dirname, '..', '..', '..', 'deploy', 'kubernetes', 'rbac.yaml')
const manifest = z.looseObject({ kind: z.string(), subjects: z.array(z.looseObject({})).optional() })
const tokenAnswer = z.object({ status: z.object({ token: z.string() }) })

/** A namespace with our service account, which may do what deploy/kubernetes/rbac.yaml says. Returns its token. */
export async function makeNamespace(admin: KubernetesClient, namespace: string): Promise<string> {
  const create = async (collection: string, body: unknown): Promise<unknown> => {
    const answer = await admin.call({ method: 'POST', path: collection, body })
    if (answer.kind !== 'answer' || answer.status !== 201) throw new Error(JSON.stringify(answer))
    return answer.body
  }
  const core = `/api/v1/namespaces/${namespace}`
  await create('/api/v1/namespaces', { metadata: { name: namespace } })
  await create(`${core}/serviceaccounts`, { metadata: { name: 'quarterdeck' } })
  for (const document of parseAllDocuments(await readFile(rbac, 'utf8'))) {
    const body = manifest.parse(document.toJS())
    const subjects = body.subjects?.map((subject) => ({ ...subject, namespace }))
    const resource = `${body.kind.toLowerCase()}s`
    await create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${resource}`, {
      ...body,
      ...(subjects ? { subjects } : {}),
    })
  }
  const requested = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3_600 } }
  return tokenAnswer.parse(await create(`${core}/serviceaccounts/quarterdeck/token`, requested)).status.token
}
