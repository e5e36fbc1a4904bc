import { z } from 'zod'
import type { Reader } from './db/schema.ts'

/** A fault that was injected on purpose: its label marks what is found while it lasts, on every page and in the log. */
export type Drill = { label: string; since: Date }

const State = z.object({ drill: z.object({ label: z.string().min(1), since: z.coerce.date() }) })

/** The drill that the workspace's demonstration is in now, or undefined. */
export async function currentDrill(db: Reader, workspaceId: string): Promise<Drill | undefined> {
  const row = await db
    .selectFrom('demo_state')
    .select('state')
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return State.safeParse(row?.state).data?.drill
}
