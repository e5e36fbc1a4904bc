import { connectRegistry } from '#lib/registries/connect-registry.ts'
import { chooseModels } from '#lib/registries/choose-models.ts'
import type { ConnectRegistryInput } from '#lib/registries/model.ts'
import { readRegistry } from '#lib/registries/reads.ts'
import { reconcileRegistries } from '#lib/registries/reconcile.ts'
import { linkedRegistry } from '#lib/registries/linked-registry.ts'
import { builtinRegistry } from '#lib/models/builtin-registry.ts'
import { mlflowUpstream } from '#lib/platform/adapters/mlflow/upstream.ts'
import { testSystem, type TestSystem, type TestWorkspace } from '../../support/system.ts'
import { mainUrl } from './settings.ts'

const turnsMax = 200

/** A system whose outside registries are real. */
export function syncSystem(): Promise<TestSystem> {
  return testSystem({
    ports: (system) => ({
      upstream: mlflowUpstream,
      registry: (id) => linkedRegistry(system, id, builtinRegistry(system, id)),
    }),
  })
}

/** Connects the main server in a workspace, unless told otherwise. */
export async function connect(ws: TestWorkspace, input: Partial<ConnectRegistryInput> = {}) {
  return connectRegistry(await ws.as('admin'), { name: 'main', url: mainUrl, ...input })
}

/** Turns until nothing is behind, after a look at everything. */
export async function settle(t: TestSystem, ws: TestWorkspace, registryId: string): Promise<void> {
  t.clock.advance(31_000)
  for (let n = 0; n < turnsMax; n++) {
    if ((await reconcileRegistries(t.system, 'test')) === 0) return
  }
  throw new Error(`it does not come to rest: ${JSON.stringify(await readRegistry(ws.worker, registryId))}`)
}

/** Connects, chooses these models and imports all of them. */
export async function imported(
  t: TestSystem,
  ws: TestWorkspace,
  models: string[],
  input: Partial<ConnectRegistryInput> = {},
) {
  const { id, hookSecret } = await connect(ws, input)
  await settle(t, ws, id)
  await chooseModels(await ws.as('admin'), { registryId: id, models })
  await settle(t, ws, id)
  return { id, hookSecret }
}

/** The findings about resources of a kind, with what they say came after. */
export async function findings(t: TestSystem, ws: TestWorkspace, kind: string) {
  const rows = await t.system.db
    .selectFrom('audit_entry as e')
    .innerJoin('audit_detail as d', 'd.entry_id', 'e.id')
    .select(['e.resource_id as resourceId', 'd.content'])
    .where('e.workspace_id', '=', ws.id)
    .where('e.resource_kind', '=', kind)
    .where('e.kind', '=', 'registry:observe')
    .where('e.outcome', '=', 'found')
    .orderBy('e.id')
    .execute()
  return rows.map((row) => ({
    resourceId: row.resourceId,
    content: JSON.parse(row.content ?? '{}') as { because: string; after: Record<string, unknown> },
  }))
}
