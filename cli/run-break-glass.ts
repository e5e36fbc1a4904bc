import { z } from 'zod'
import { callApi, type ApiFlags } from './api-client.ts'

export type UseGlassFlags = ApiFlags & { versionId: string; environmentId: string; incident?: string; reason: string }

const Used = z.object({ id: z.string(), expiresAt: z.string(), reviewDueAt: z.string() })
const Reviewed = z.object({ breakGlassId: z.string(), verdict: z.string() })
const Page = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      version: z.object({ modelName: z.string(), version: z.string() }),
      environment: z.object({ name: z.string() }),
      reason: z.string(),
      usedBy: z.object({ name: z.string() }),
      at: z.string(),
      live: z.boolean(),
      overdue: z.boolean(),
      reviewDueAt: z.string(),
      review: z.object({ verdict: z.string(), by: z.object({ name: z.string() }) }).nullable(),
    }),
  ),
})

/** Uses break-glass and tells its times. */
export async function useGlass(flags: UseGlassFlags): Promise<void> {
  const { versionId, environmentId, incident, reason } = flags
  const incidentId = incident === undefined ? {} : { incidentId: incident }
  const answer = await callApi(flags, 'POST', '/break-glass', { versionId, environmentId, ...incidentId, reason })
  const { id, expiresAt, reviewDueAt } = Used.parse(answer)
  process.stdout.write(`${id}\nclears the version until ${expiresAt}\nreview due ${reviewDueAt}\n`)
}

/** The newest two hundred uses, one a line. */
export async function listGlass(flags: ApiFlags): Promise<void> {
  for (const use of Page.parse(await callApi(flags, 'GET', '/break-glass?limit=200')).items) {
    const { id, version, environment, usedBy, at, live, reason } = use
    const what = `${version.modelName}@${version.version} in ${environment.name}`
    process.stdout.write(
      `${id} ${at} ${live ? 'live' : 'over'} ${what} by ${usedBy.name}: ${reviewOf(use)}. ${reason}\n`,
    )
  }
}

/** Reviews a use. */
export async function reviewGlass(id: string, flags: ApiFlags & { verdict: string; reason: string }): Promise<void> {
  const { verdict, reason } = flags
  const path = `/break-glass/${encodeURIComponent(id)}/review`
  const told = Reviewed.parse(await callApi(flags, 'POST', path, { verdict, reason }))
  process.stdout.write(`${told.breakGlassId}: ${told.verdict}\n`)
}

function reviewOf({ review, overdue, reviewDueAt }: z.output<typeof Page>['items'][number]): string {
  if (review) return `${review.verdict} by ${review.by.name}`
  return overdue ? `review overdue since ${reviewDueAt}` : `review due ${reviewDueAt}`
}
