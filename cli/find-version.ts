import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'
import { callApi, type ApiFlags } from './api-client.ts'

const pagesMax = 50

/**
 * The id of what people name by model and number. @throws `not-found` when there is no such model or version
 */
export async function findVersionId(flags: ApiFlags, model: string, version: string): Promise<string> {
  const modelId = await findModelId(flags, model)
  const found = await findItem(flags, `/models/${modelId}/versions`, 'version', version)
  if (found === undefined) throw problem('not-found', `${model} has no version ${version}.`)
  return found
}

/** The id of the model of that name; an id `mo_…` is taken as it is. @throws `not-found` */
export async function findModelId(flags: ApiFlags, model: string): Promise<string> {
  if (model.startsWith('mo_')) return encodeURIComponent(model)
  const found = await findItem(flags, `/models?text=${encodeURIComponent(model)}`, 'name', model)
  if (found === undefined) throw problem('not-found', `There is no model named ${model} here.`)
  return found
}

/** The id of the environment of that name. @throws `not-found` with the names there are */
export async function findEnvironmentId(flags: ApiFlags, environment: string): Promise<string> {
  const { items } = z
    .object({ items: z.array(z.object({ id: z.string(), name: z.string() })) })
    .parse(await callApi(flags, 'GET', '/environments'))
  const found = items.find(({ name }) => name === environment)
  if (!found) {
    const names =
      items.map(({ name }) => name).join(', ') || 'none yet: an admin creates it (POST /api/v1/environments)'
    throw problem('not-found', `There is no environment named ${environment}. There are: ${names}.`)
  }
  return found.id
}

async function findItem(flags: ApiFlags, path: string, field: string, wanted: string): Promise<string | undefined> {
  const Page = z.object({
    items: z.array(z.looseObject({ id: z.string(), [field]: z.string() })),
    nextCursor: z.string().nullable(),
  })
  let cursor = ''
  for (let page = 0; page < pagesMax; page++) {
    const separator = path.includes('?') ? '&' : '?'
    const { items, nextCursor } = Page.parse(await callApi(flags, 'GET', `${path}${separator}limit=200${cursor}`))
    const found = items.find((item) => item[field] === wanted)
    if (found || nextCursor === null) return found?.id
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`
  }
  throw problem('too-large', `${path} has more than ${pagesMax * 200} entries: name it by its id.`)
}
