import { useBreakGlass } from '#lib/approvals/use-break-glass.ts'
import { recordStatement } from '#lib/attestations/record-statement.ts'
import { aVote } from '#lib/attestations/statements.fixture.ts'
import { createMonitor } from '#lib/drift/create-monitor.ts'
import { createProfile } from '#lib/drift/create-profile.ts'
import { buildProfile } from '#lib/drift/profile.ts'
import { createEndpoint } from '#lib/endpoints/create-endpoint.ts'
import { deployVersion } from '#lib/endpoints/deploy-version.ts'
import { reconcileEndpoints } from '#lib/endpoints/reconcile.ts'
import { openIncident } from '#lib/incidents/open-incident.ts'
import { bindGroup } from '#lib/members/bind-group.ts'
import { bindRole } from '#lib/members/bind-role.ts'
import { connectForge } from '#lib/forges/connect-forge.ts'
import { createServiceAccount } from '#lib/members/create-service-account.ts'
import { createDelegation } from '#lib/members/create-delegation.ts'
import { linkIdentities } from '#lib/members/link-identities.ts'
import { addEvidence } from '#lib/models/add-evidence.ts'
import { createEnvironment } from '#lib/models/create-environment.ts'
import { registerVersion } from '#lib/models/register-version.ts'
import type { Ctx } from '#lib/platform/context.ts'
import { json } from '#lib/platform/db/schema.ts'
import { housekeep } from '#lib/platform/housekeep.ts'
import { newId } from '#lib/platform/ids.ts'
import { connectRegistry } from '#lib/registries/connect-registry.ts'
import { upsertModels } from '#lib/registries/queries-mirror.ts'
import { startRollout } from '#lib/rollouts/start-rollout.ts'
import { createSlo } from '#lib/slos/create-slo.ts'
import type { TestSystem } from '../../../tests/support/system.ts'

export type Things = Record<
  | 'accountId'
  | 'personId'
  | 'otherPersonId'
  | 'groupBindingId'
  | 'delegationId'
  | 'linkId'
  | 'servingEndpointId'
  | 'candidateId'
  | 'rolloutId'
  | 'profileId'
  | 'monitorId'
  | 'findingId'
  | 'sloId'
  | 'incidentId'
  | 'attestationId'
  | 'registryId'
  | 'forgeId'
  | 'evidenceId'
  | 'breakGlassId',
  string
>

export const sampleProfile = buildProfile({ distance: Array.from({ length: 400 }, (_, i) => (i * 37) % 100) })

/** What stands on an endpoint that serves: a rollout, a monitor with a finding, an objective. */
export async function makeThings(
  t: TestSystem,
  people: Record<'admin' | 'developer' | 'operator', { ctx: Ctx }>,
  of: { modelId: string; versionId: string; environmentId: string },
): Promise<Things> {
  const [admin, developer, operator] = [people.admin.ctx, people.developer.ctx, people.operator.ctx]
  const staging = await createEnvironment(admin, { name: 'open-ground', protected: false })
  const next = { modelId: of.modelId, version: '1.1.0', digest: `sha256:${'b'.repeat(64)}`, artifactUri: 's3://next' }
  const { id: candidateId } = await registerVersion(developer, next)
  const { id: servingEndpointId } = await createEndpoint(operator, {
    modelId: of.modelId,
    environmentId: staging.id,
    name: 'serving',
    template: { command: ['serve'] },
    rolloutPolicy: 'demo-short-steps',
  })
  await deployVersion(operator, { endpointId: servingEndpointId, versionId: of.versionId, reason: 'the first one' })
  for (let turn = 0; turn < 20 && (await reconcileEndpoints(t.system, 'test')) > 0; turn += 1);
  const rollout = await startRollout(operator, {
    endpointId: servingEndpointId,
    versionId: candidateId,
    reason: 'next',
  })
  const profile = await createProfile(developer, { versionId: of.versionId, source: 'a test', profile: sampleProfile })
  const watched = { endpointId: servingEndpointId, profileId: profile.id, name: 'daily', windowSeconds: 86_400 }
  const { id: monitorId } = await createMonitor(developer, watched)
  const slo = await createSlo(operator, { endpointId: servingEndpointId, objective: 'availability' })
  const opened = { title: 'A trial', severity: 'sev3', endpointId: servingEndpointId, reason: 'a test' } as const
  const incident = await openIncident(operator, opened)
  const evidence = await addEvidence(developer, {
    versionId: candidateId,
    kind: 'evaluation',
    content: { metrics: { auc: 0.8 } },
  })
  const glass = await useBreakGlass(operator, {
    versionId: candidateId,
    environmentId: of.environmentId,
    incidentId: incident.id,
    reason: 'The sample burns.',
  })
  const findingId = await insertFinding(t, operator.workspaceId, monitorId, servingEndpointId)
  return {
    ...(await makeRoles(t, people)),
    accountId: (await createServiceAccount(admin, { name: 'nightly', purpose: 'a sample' })).id,
    registryId: await makeRegistry(t, admin),
    forgeId: (await connectForge(admin, { name: 'code', kind: 'github', repository: 'acme/flights' })).id,
    evidenceId: evidence.id,
    breakGlassId: glass.id,
    servingEndpointId,
    candidateId,
    rolloutId: rollout.id,
    profileId: profile.id,
    monitorId,
    findingId,
    sloId: slo.id,
    incidentId: incident.id,
    attestationId: await insertAttestation(t, operator.workspaceId, of.versionId),
  }
}

/** A model that the connection of every site shows. */
export const upstreamModel = 'upstream-flights'

// What a registry shows is read from it by the worker, which lib/registries tests; here a model is needed to be chosen.
async function makeRegistry(t: TestSystem, admin: Ctx): Promise<string> {
  const { id } = await connectRegistry(admin, { name: 'mlflow', url: 'http://127.0.0.1:9' })
  const shown = { name: upstreamModel, description: '', tags: {}, aliases: {} }
  await housekeep(t.system, 'registry-mirror', (tx) => upsertModels(tx, id, [shown], t.clock.now()))
  return id
}

// Two more people, whom the developer stands beside: one may act for them, and the other is somebody twice.
async function makeRoles(t: TestSystem, { admin, developer }: Record<'admin' | 'developer', { ctx: Ctx }>) {
  const issuer = 'https://idp.test'
  const member = async (name: string) => {
    const subject = `${admin.ctx.workspaceId}-${name}`
    return (await bindRole(admin.ctx, { issuer, subject, name, role: 'viewer' })).identityId
  }
  const [personId, otherPersonId, twinId] = [await member('pia'), await member('pit'), await member('pit-two')]
  const { bindingId: groupBindingId } = await bindGroup(admin.ctx, { issuer, group: '/crew', role: 'viewer' })
  const endsAt = new Date(t.clock.now().getTime() + 86_400_000)
  const loan = { delegateId: otherPersonId, role: 'developer', endsAt, reason: 'a test' } as const
  const { delegationId } = await createDelegation(developer.ctx, loan)
  const twins = { identityId: otherPersonId, otherId: twinId, reason: 'a test' }
  const { linkId } = await linkIdentities(admin.ctx, twins)
  return { personId, otherPersonId, groupBindingId, delegationId, linkId }
}

// A finding is made by windows of traffic, which lib/drift tests; here one is needed to be read.
async function insertFinding(
  t: TestSystem,
  workspaceId: string,
  monitorId: string,
  endpointId: string,
): Promise<string> {
  const now = t.clock.now()
  const id = newId('finding', now)
  const figures = { startMs: now.getTime() - 86_400_000, endMs: now.getTime() }
  await housekeep(t.system, 'telemetry-fold', (tx) =>
    tx
      .insertInto('drift_finding')
      .values({
        id,
        workspace_id: workspaceId,
        monitor_id: monitorId,
        endpoint_id: endpointId,
        feature: 'distance',
        level: 'act',
        state: 'open',
        since: now,
        last_window_at: now,
        figures: json(figures),
        attribution: json({ bins: [] }),
        because: 'distance moved',
        drill: null,
        opened_at: now,
        acknowledged_at: null,
        acknowledged_by: null,
        resolved_at: null,
      })
      .execute(),
  )
  return id
}

// Statements are written by votes and evidence, which their domains test; here one is needed to be read.
async function insertAttestation(t: TestSystem, workspaceId: string, subjectId: string): Promise<string> {
  const about = { kind: 'vote', subjectKind: 'version', subjectId, statement: aVote(), now: t.clock.now() } as const
  const { id } = await housekeep(t.system, 'lease', (tx) => recordStatement(tx, { workspaceId, ...about }))
  return id
}
