import type pg from 'pg'
import { newId, type IdKind } from '#lib/platform/ids.ts'
import type { Story } from './story.ts'

/** Every table in which a story has rows, in the order in which their references allow them to be written. */
const tables: readonly { name: string; where: string }[] = [
  { name: 'workspace', where: 'id = $1' },
  { name: 'role_binding', where: 'workspace_id = $1' },
  { name: 'environment', where: 'workspace_id = $1' },
  { name: 'model', where: 'workspace_id = $1' },
  { name: 'model_version', where: 'workspace_id = $1' },
  { name: 'model_alias', where: 'model_id in (select id from model where workspace_id = $1)' },
  { name: 'model_serving', where: 'workspace_id = $1' },
  { name: 'endpoint', where: 'workspace_id = $1' },
  { name: 'rollout', where: 'workspace_id = $1' },
  { name: 'rollout_observation', where: 'rollout_id in (select id from rollout where workspace_id = $1)' },
  { name: 'request_fact', where: 'workspace_id = $1' },
  { name: 'request_hour', where: 'workspace_id = $1' },
  { name: 'quality_fact', where: 'workspace_id = $1' },
]
const kinds: readonly IdKind[] = [
  'workspace',
  'binding',
  'environment',
  'model',
  'version',
  'endpoint',
  'rollout',
  'observation',
]

export type ClonedStory = Story & { rolloutId: string }

/**
 * The same story in a workspace of its own, with fresh ids everywhere and its own servers and traffic: far cheaper than
 * telling it again. Audit entries are not copied.
 */
export async function cloneStory(owner: pg.Pool, story: Story, rolloutId: string): Promise<ClonedStory> {
  const { t } = story
  const fresh = new Map<string, string>()
  const prefixes = new RegExp(`\\b(ws|rb|en|mo|mv|ep|ro|ob)_[0-7][0-9a-hjkmnp-tv-z]{25}\\b`, 'g')
  const kindOf = { ws: 0, rb: 1, en: 2, mo: 3, mv: 4, ep: 5, ro: 6, ob: 7 } as const
  const renew = (text: string) =>
    text.replaceAll(prefixes, (id, prefix: keyof typeof kindOf) => {
      const known = fresh.get(id) ?? newId(kinds[kindOf[prefix]] ?? 'workspace', t.clock.now())
      fresh.set(id, known)
      return known
    })
  const idOf = (id: string) => renew(id)
  for (const { name, where } of tables) {
    const overriding = name === 'model_serving' ? `- 'id' || jsonb_build_object('id', 1e6 + floor(random() * 1e9))` : ''
    const { rows } = await owner.query<{ row: string }>(
      `select (to_jsonb(t) ${overriding})::text as row from ${name} as t where ${where}`,
      [story.ws.id],
    )
    const renamed = rows.map(({ row }) =>
      renew(name === 'workspace' ? row.replace(story.ws.name, idOf(story.ws.id).slice(-20)) : row),
    )
    await owner.query(
      `insert into ${name} overriding system value
       select (jsonb_populate_record(null::${name}, value)).* from jsonb_array_elements($1::jsonb)`,
      [`[${renamed.join(',')}]`],
    )
  }
  for (const [key, held] of t.servers.servers) {
    if (!key.startsWith(story.endpointId)) continue
    t.servers.servers.set(renew(key), JSON.parse(renew(JSON.stringify(held))) as typeof held)
  }
  const traffic = t.plane.endpoints.get(story.endpointId)
  if (traffic)
    t.plane.endpoints.set(idOf(story.endpointId), JSON.parse(renew(JSON.stringify(traffic))) as typeof traffic)
  return {
    ...story,
    ws: { ...story.ws, id: idOf(story.ws.id) },
    endpointId: idOf(story.endpointId),
    modelId: idOf(story.modelId),
    environmentId: idOf(story.environmentId),
    stable: idOf(story.stable),
    candidate: idOf(story.candidate),
    rolloutId: idOf(rolloutId),
  }
}
