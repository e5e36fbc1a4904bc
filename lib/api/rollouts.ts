import { z } from '@hono/zod-openapi'
import { holdRollout } from '#lib/rollouts/hold-rollout.ts'
import { PromoteRolloutInput, SteerRolloutInput, StartRolloutInput, WhatIfInput } from '#lib/rollouts/model.ts'
import { promoteRollout } from '#lib/rollouts/promote-rollout.ts'
import { listObservations, listRollouts, readRollout, whatIf } from '#lib/rollouts/reads.ts'
import { resumeRollout } from '#lib/rollouts/resume-rollout.ts'
import { rollBackRollout } from '#lib/rollouts/roll-back-rollout.ts'
import { startRollout } from '#lib/rollouts/start-rollout.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { can, idOf, idParam, instant, instantOrNull, pageSchema, paging, person, structure } from './schemas.ts'

const tag = 'Rollouts'

const states = [
  'pending',
  'progressing',
  'held',
  'promoting',
  'succeeded',
  'rolling-back',
  'rolled-back',
  'failed',
] as const
const side = z.object({ versionId: z.string(), version: z.string(), digest: z.string() })
const named = z.object({ id: z.string(), name: z.string() })
const progress = z.enum(['done', 'present', 'ahead'])
const fields = {
  id: z.string(),
  endpoint: named,
  model: named,
  environment: z.object({ id: z.string(), name: z.string(), protected: z.boolean() }),
  from: side,
  to: side,
  state: z.enum(states),
  because: z.string(),
  step: z.number().int().openapi({ description: '-1 until the first step has begun' }),
  steps: z.number().int(),
  weight: z.number().openapi({ description: "the candidate's percent as intended" }),
  policyName: z.string(),
  rollbackBy: z.enum(['person', 'machine']).nullable(),
  requestedBy: person,
  createdAt: instant,
  endedAt: instantOrNull,
}
const Rollout = z.object(fields).openapi('Rollout')
const RolloutDetail = z
  .object({
    ...fields,
    approvalId: z.string().nullable(),
    policy: structure('the policy that was in force when it began'),
    policyDigest: z.string(),
    heldBecause: z.string().nullable(),
    stepStartedAt: instantOrNull,
    stepGeneration: z.number().int().nullable(),
    stepViews: z.array(
      z.object({
        index: z.number().int(),
        weight: z.number(),
        judge: z.union([structure('what the step is judged by'), z.null()]),
        progress: z.enum(['passed', 'present', 'ahead']),
        intendedAt: z.string().nullable(),
        verifiedAt: z.string().nullable(),
        generation: z.number().int().nullable(),
      }),
    ),
    decision: z.union([structure('the newest decision, with its metrics, intervals, margins and samples'), z.null()]),
    chain: structure('when each step, the promotion and the rollback were intended, applied and verified'),
    plan: z
      .object({
        kind: z.enum(['rollback', 'promotion']),
        digest: z.string(),
        from: z.string(),
        to: z.string(),
        steps: z.array(
          z.object({
            key: z.string(),
            text: z.string(),
            action: structure('exactly what is done'),
            progress,
            outcomes: z.array(z.object({ at: z.string(), outcome: z.string() })),
          }),
        ),
      })
      .nullable(),
    watch: z.union([structure('the watch after a promotion'), z.null()]),
    superseded: z.boolean(),
    mine: z.object({ hold: can, resume: can, promote: can, rollBack: can }),
  })
  .openapi('RolloutDetail')
const Observation = z
  .object({
    id: z.string(),
    at: instant,
    policyDigest: z.string(),
    observation: structure('all that was looked at'),
    decision: structure('what was decided on it'),
  })
  .openapi('RolloutObservation')
const verdict = z.object({ kind: z.string(), because: z.array(z.string()) })

const rolloutParam = idParam('rolloutId', 'rollout')
const steerBody = SteerRolloutInput.omit({ rolloutId: true })

const reads: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/rollouts',
    operationId: 'listRollouts',
    summary: 'Rollouts, newest first',
    tag,
    action: 'rollout:read',
    query: z.strictObject({
      ...paging,
      endpointId: idOf('endpoint').optional(),
      modelId: idOf('model').optional(),
      active: z.enum(['true', 'false']).optional(),
    }),
    status: 200,
    response: pageSchema(Rollout),
    run: (ctx, { query: { active, ...query } }) =>
      listRollouts(ctx, { ...query, active: active === undefined ? undefined : active === 'true' }),
  }),
  defineRoute({
    method: 'get',
    path: '/rollouts/{rolloutId}',
    operationId: 'readRollout',
    summary: 'A rollout with its decision, its plan and what the caller may do',
    tag,
    action: 'rollout:read',
    params: rolloutParam,
    status: 200,
    response: RolloutDetail,
    run: (ctx, { params }) => readRollout(ctx, params.rolloutId),
  }),
  defineRoute({
    method: 'get',
    path: '/rollouts/{rolloutId}/observations',
    operationId: 'listObservations',
    summary: 'What was looked at and decided, newest first',
    tag,
    action: 'rollout:read',
    params: rolloutParam,
    query: z.strictObject(paging),
    status: 200,
    response: pageSchema(Observation),
    run: (ctx, { params, query }) => listObservations(ctx, params.rolloutId, query),
  }),
]

const verbs: readonly ApiRoute[] = [
  defineRoute({
    method: 'post',
    path: '/rollouts',
    operationId: 'startRollout',
    summary: 'Start to roll a version out',
    description: 'Records the intent; the candidate gets traffic when its server is ready.',
    tag,
    action: 'rollout:start',
    body: StartRolloutInput,
    status: 201,
    response: z.object({
      id: z.string(),
      endpointId: z.string(),
      versionId: z.string(),
      policy: z.string(),
      state: z.literal('pending'),
    }),
    run: (ctx, { body }) => startRollout(ctx, body),
  }),
  defineRoute({
    method: 'post',
    path: '/rollouts/{rolloutId}/hold',
    operationId: 'holdRollout',
    summary: 'Hold a rollout where it is',
    tag,
    action: 'rollout:hold',
    params: rolloutParam,
    body: steerBody,
    status: 200,
    response: z.object({ rolloutId: z.string(), state: z.literal('held') }),
    run: (ctx, { params, body }) => holdRollout(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/rollouts/{rolloutId}/resume',
    operationId: 'resumeRollout',
    summary: 'Let a held rollout go on',
    tag,
    action: 'rollout:resume',
    params: rolloutParam,
    body: steerBody,
    status: 200,
    response: z.object({ rolloutId: z.string(), state: z.enum(['pending', 'progressing', 'promoting']) }),
    run: (ctx, { params, body }) => resumeRollout(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/rollouts/{rolloutId}/promote',
    operationId: 'promoteRollout',
    summary: 'Go on now, by one step or to the end',
    tag,
    action: 'rollout:promote',
    params: rolloutParam,
    body: PromoteRolloutInput.omit({ rolloutId: true }),
    status: 202,
    response: z.object({ rolloutId: z.string(), state: z.enum(['progressing', 'promoting']), weight: z.number() }),
    run: (ctx, { params, body }) => promoteRollout(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/rollouts/{rolloutId}/roll-back',
    operationId: 'rollBackRollout',
    summary: 'Take a rollout back',
    description: 'Commits the complete plan; its steps are shown at the rollout as they are applied and verified.',
    tag,
    action: 'rollout:roll-back',
    params: rolloutParam,
    body: steerBody,
    status: 202,
    response: z.object({
      rolloutId: z.string(),
      state: z.literal('rolling-back'),
      toVersionId: z.string(),
      planDigest: z.string(),
    }),
    run: (ctx, { params, body }) => rollBackRollout(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'post',
    path: '/rollouts/{rolloutId}/what-if',
    operationId: 'whatIf',
    summary: 'What another policy would have decided on the same observations',
    description: 'Changes nothing.',
    tag,
    action: 'rollout:read',
    params: rolloutParam,
    body: WhatIfInput.omit({ rolloutId: true }),
    status: 200,
    response: z.object({
      policyDigest: z.string(),
      looked: z.number().int(),
      differences: z.array(z.object({ observationId: z.string(), at: instant, was: verdict, would: verdict })),
    }),
    run: (ctx, { params, body }) => whatIf(ctx, { ...params, ...body }),
  }),
]

export const rolloutRoutes: readonly ApiRoute[] = [...reads, ...verbs]
