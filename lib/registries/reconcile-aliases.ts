import { findAliases, findModel } from '#lib/models/reads.ts'
import { setAlias } from '#lib/models/set-alias.ts'
import { mutate } from '#lib/mutate.ts'
import { workerCtx } from '#lib/platform/call.ts'
import type { System } from '#lib/platform/context.ts'
import type { Tx } from '#lib/platform/db/schema.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { UpstreamError, type Upstream } from '#lib/platform/ports/upstream.ts'
import { decideAlias, type AliasDecision, type AliasFacts } from './decide.ts'
import type { RegistryRow } from './queries.ts'
import { selectChosen, type MirrorModel } from './queries-mirror.ts'
import { selectAliasStates, selectNumbers, upsertAliasState } from './queries-work.ts'

/** Models looked at in one turn: those that the mirror shows to be as intended cost three queries and no call. */
const modelsMax = 5_000
const ourAlias = /^[a-z][a-z0-9-]{0,40}$/

/**
 * Compares every alias of the imported models with what is intended here, and acts on what differs: takes over what was
 * never set here, carries out what never got there, tells and by policy puts back what somebody else moved.
 */
export async function reconcileAliases(system: System, row: RegistryRow, upstream: Upstream): Promise<void> {
  for (const model of await selectChosen(system.db, row.id, modelsMax)) {
    if (model.modelId === null) continue
    const modelId = model.modelId
    for (const alias of await differing(system, row, model, modelId)) {
      await reconcileAlias({ system, row, upstream, model, modelId, alias })
    }
  }
}

type Look = { system: System; row: RegistryRow; upstream: Upstream; model: MirrorModel; modelId: string; alias: string }

/** What may need something done, by the list as it was last read. */
async function differing(system: System, row: RegistryRow, model: MirrorModel, modelId: string): Promise<string[]> {
  const { aliases: intended, states, numbers } = await known(system, row, model, modelId)
  const names = [...new Set([...intended.keys(), ...Object.keys(model.aliases)])].filter((name) => ourAlias.test(name))
  return names.filter((alias) => {
    const number = model.aliases[alias] ?? null
    const decision = decideAlias(factsOf({ row, alias, intended, states, numbers }, number))
    return decision.kind !== 'none'
  })
}

async function known(system: System, row: RegistryRow, model: MirrorModel, modelId: string) {
  const [aliases, states, numbers] = await Promise.all([
    findAliases(system.db, modelId),
    selectAliasStates(system.db, row.id, model.name),
    selectNumbers(system.db, row.id, model.name),
  ])
  return {
    aliases: new Map(aliases.map((each) => [each.alias, each.versionId])),
    states: new Map(states.map((each) => [each.alias, each])),
    numbers,
  }
}

function factsOf(
  on: {
    row: RegistryRow
    alias: string
    intended: ReadonlyMap<string, string>
    states: ReadonlyMap<string, { verified: string | null; reported: string | null }>
    numbers: ReadonlyMap<string, number>
  },
  observed: number | null,
): AliasFacts {
  const versionId = on.intended.get(on.alias)
  const state = on.states.get(on.alias)
  const known = [...on.numbers].find(([, number]) => number === observed)
  return {
    intended: versionId === undefined ? null : { versionId, number: on.numbers.get(versionId) ?? null },
    observed: observed === null ? null : { number: observed, versionId: known?.[0] ?? null },
    verified: state?.verified ?? null,
    reported: state?.reported ?? null,
    outsideEdits: on.row.outsideEdits,
  }
}

// What is intended is read before the registry is asked, and compared once more when something is told: a write of our own
// in between is never taken for somebody else's.
async function reconcileAlias(look: Look): Promise<void> {
  const { system, row, upstream, model, modelId, alias } = look
  const { aliases: intended, states, numbers } = await known(system, row, model, modelId)
  const reading = await upstream.registry.readAlias(model.name, alias)
  if (reading.kind === 'unreachable') throw new UpstreamError('unreachable', reading.because)
  if (reading.kind === 'absent') return
  const observed = reading.version === null ? null : Number(reading.version)
  const facts = factsOf({ row, alias, intended, states, numbers }, observed)
  await act(look, facts, decideAlias(facts))
}

async function act(look: Look, facts: AliasFacts, decision: AliasDecision): Promise<void> {
  switch (decision.kind) {
    case 'none':
      return
    case 'adopt':
      return adopt(look, decision)
    case 'verified':
      return remember(look, { verified: facts.intended?.versionId ?? null, reported: null })
    case 'carry-out':
      return write(look, facts)
    case 'report':
      if (!(await report(look, facts, decision))) return
      return decision.putBack ? write(look, facts) : undefined
    default:
      decision satisfies never
  }
}

async function adopt(look: Look, decision: { versionId: string; because: string }): Promise<void> {
  const { system, row, modelId, alias } = look
  const { versionId, because } = decision
  try {
    const ctx = workerCtx(system, row.workspaceId)
    await setAlias(ctx, { modelId, alias, versionId, expectedVersionId: null, reason: because })
  } catch (error) {
    // Set here meanwhile: the next look compares with that.
    if (isProblem(error, 'conflict')) return
    throw error
  }
  await remember(look, { verified: versionId, reported: null })
}

async function write(look: Look, { intended, observed }: AliasFacts): Promise<void> {
  if (intended === null || intended.number === null) return
  const { upstream, model, alias } = look
  const expected = observed === null ? null : String(observed.number)
  const result = await upstream.registry.writeAlias(model.name, alias, String(intended.number), { expected })
  if (result.kind === 'unreachable') throw new UpstreamError('unreachable', result.because)
  if (result.kind === 'written') await remember(look, { verified: intended.versionId, reported: null })
}

async function remember(look: Look, seen: { verified: string | null; reported: string | null }): Promise<void> {
  const { system, row, model, alias } = look
  const key = { registryId: row.id, name: model.name, alias }
  const now = system.clock.now()
  await housekeep(system, 'registry-mirror', (tx) => upsertAliasState(tx, key, { ...seen, now }))
}

/** Writes the finding. False when what is intended has changed since it was read: then there is nothing to tell. */
async function report(
  look: Look,
  facts: AliasFacts,
  { key, putBack, because }: { key: string; putBack: boolean; because: string },
): Promise<boolean> {
  const { system, row, model, modelId, alias } = look
  const intended = facts.intended
  const now = (await findAliases(system.db, modelId)).find((each) => each.alias === alias)
  if (!intended || now?.versionId !== intended.versionId) return false
  await mutate(
    workerCtx(system, row.workspaceId),
    { action: 'registry:observe', load: (tx) => load(tx, modelId) },
    async (tx, own) => {
      const place = { registryId: row.id, name: model.name, alias }
      const seen = { verified: intended.versionId, reported: key, now: system.clock.now() }
      await upsertAliasState(tx, place, seen)
      return {
        value: undefined,
        audit: {
          outcome: 'found' as const,
          resource: { kind: 'alias', id: `${modelId}/${alias}`, name: `${own.name}@${alias}` },
          before: { versionId: intended.versionId, number: intended.number },
          after: {
            state: 'moved-outside',
            registryId: row.id,
            versionId: facts.observed?.versionId ?? null,
            number: facts.observed?.number ?? null,
            putBack,
          },
          because: `${because} ${putBack ? 'It is put back.' : 'It is left as it is there.'}`,
        },
        wake: ['incidents'],
      }
    },
  )
  return true
}

async function load(tx: Tx, modelId: string) {
  const subject = await findModel(tx, modelId)
  if (!subject) return undefined
  const { id, workspaceId, labels, name } = subject
  return { subject, resource: { kind: 'model', id, workspaceId, labels }, name }
}
