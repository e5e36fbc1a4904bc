import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import type { KubernetesClient } from '#lib/platform/adapters/kubernetes/client.ts'

const definition = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) })
const established = z.looseObject({
  status: z.looseObject({ conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })) }),
})
const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const establishSecondsMax = 60

/** Installs the named resource definitions of a file and waits until the API server serves them. */
export async function installDefinitions(
  admin: KubernetesClient,
  file: string,
  names: readonly string[],
): Promise<void> {
  const documents = parseAllDocuments(await readFile(file, 'utf8')).map(
    (each) => definition.safeParse(each.toJS()).data,
  )
  for (const name of names) {
    const body = documents.find((each) => each?.kind === 'CustomResourceDefinition' && each.metadata.name === name)
    if (!body) throw new Error(`${path.basename(file)} defines no ${name}`)
    const applied = await admin.call({
      method: 'PATCH',
      path: `${collection}/${name}`,
      query: { fieldManager: 'test-bed', force: 'true' },
      body,
      contentType: 'application/apply-patch+yaml',
    })
    if (applied.kind !== 'answer' || applied.status > 201) throw new Error(JSON.stringify(applied))
    await untilEstablished(admin, name)
  }
}

async function untilEstablished(admin: KubernetesClient, name: string): Promise<void> {
  for (let turn = 0; turn < establishSecondsMax * 10; turn++) {
    const answer = await admin.call({ method: 'GET', path: `${collection}/${name}` })
    const conditions =
      answer.kind === 'answer' ? (established.safeParse(answer.body).data?.status.conditions ?? []) : []
    if (conditions.some((each) => each.type === 'Established' && each.status === 'True')) return
    await delay(100)
  }
  throw new Error(`${name} was not established within ${establishSecondsMax} s`)
}
