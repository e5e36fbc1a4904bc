import { z } from 'zod'
import type { ForgeKind } from './model.ts'

/** A pipeline that succeeded, as its forge tells it. */
export type SucceededRun = {
  repository: string
  workflow: string
  commit: string
  ref: string
  runId: string
  attempt: number
  url: string
  finishedAt: Date
}
export type ReadRun =
  | { kind: 'succeeded'; run: SucceededRun }
  | { kind: 'other' }
  | { kind: 'invalid'; because: string }

/** Longer than a forge lets a delivery be sent again (GitHub: three days). */
const ageSecondsMax = 4 * 86_400
const aheadSecondsMax = 300

const commit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
const short = z.string().max(500)
const id = z.number().int().min(1)

/** GitHub, webhook event `workflow_run`: the fields that are used of it. */
const WorkflowRun = z.object({
  action: short,
  workflow_run: z.object({
    id,
    name: short.nullable().optional(),
    path: short.default(''),
    head_sha: commit,
    head_branch: short.nullable(),
    run_attempt: id,
    status: short.nullable(),
    conclusion: short.nullable(),
    html_url: z.url({ protocol: /^https?$/ }).max(2_000),
    updated_at: z.iso.datetime({ offset: true }),
    head_repository: z.object({ full_name: short }).nullable().optional(),
  }),
  repository: z.object({ full_name: short }),
})

/** GitLab, pipeline events: times are `2016-08-12 15:26:29 UTC`, or RFC 3339 where an installation says so. */
const Pipeline = z.object({
  object_kind: z.literal('pipeline'),
  object_attributes: z.object({
    id,
    ref: short,
    sha: commit,
    status: short,
    source: short.default(''),
    finished_at: short.nullable(),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional(),
  }),
  merge_request: z.object({ source_project_id: id, target_project_id: id }).nullable().optional(),
  project: z.object({ path_with_namespace: short, web_url: z.url({ protocol: /^https?$/ }).max(1_500) }),
})

/**
 * What a delivery says. Only a pipeline that ended well is evidence; other events, and runs of a fork's code, are nothing to
 * us. One that ended days ago or is yet to end is refused: `finishedAt` is what its evidence's age counts from.
 */
export function readRun(kind: ForgeKind, event: string | undefined, payload: unknown, now: Date): ReadRun {
  const read = kind === 'github' ? readGithub(event, payload) : readGitlab(event, payload)
  if (read.kind !== 'succeeded') return read
  const ageSeconds = (now.getTime() - read.run.finishedAt.getTime()) / 1000
  if (!(ageSeconds >= -aheadSecondsMax)) return { kind: 'invalid', because: 'the run has not ended yet' }
  if (ageSeconds > ageSecondsMax) return { kind: 'invalid', because: 'the run ended more than four days ago' }
  return read
}

function readGithub(event: string | undefined, payload: unknown): ReadRun {
  if (event !== 'workflow_run') return { kind: 'other' }
  const parsed = WorkflowRun.safeParse(payload)
  if (!parsed.success) return invalid(parsed.error)
  const { action, workflow_run: run, repository } = parsed.data
  if (action !== 'completed' || run.status !== 'completed' || run.conclusion !== 'success') return { kind: 'other' }
  // A pull request of a fork runs what the fork says: its success says nothing of our own commits.
  const from = run.head_repository?.full_name.toLowerCase()
  if (from !== repository.full_name.toLowerCase()) return { kind: 'other' }
  return {
    kind: 'succeeded',
    run: {
      repository: repository.full_name,
      workflow: run.name ?? run.path,
      commit: run.head_sha,
      ref: run.head_branch ?? '',
      runId: String(run.id),
      attempt: run.run_attempt,
      url: run.html_url,
      finishedAt: new Date(run.updated_at),
    },
  }
}

function readGitlab(event: string | undefined, payload: unknown): ReadRun {
  if (event !== 'Pipeline Hook') return { kind: 'other' }
  const parsed = Pipeline.safeParse(payload)
  if (!parsed.success) return invalid(parsed.error)
  const { object_attributes: run, project, merge_request: merge } = parsed.data
  if (run.status !== 'success') return { kind: 'other' }
  if (merge && merge.source_project_id !== merge.target_project_id) return { kind: 'other' }
  const finishedAt = timeOf(run.finished_at ?? '')
  if (finishedAt === undefined) return { kind: 'invalid', because: 'object_attributes.finished_at: not a time' }
  return {
    kind: 'succeeded',
    run: {
      repository: project.path_with_namespace,
      workflow: run.source,
      commit: run.sha,
      ref: run.ref,
      runId: String(run.id),
      attempt: 1,
      url: run.url ?? `${project.web_url}/-/pipelines/${run.id}`,
      finishedAt,
    },
  }
}

function timeOf(text: string): Date | undefined {
  const iso = text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:UTC|\+0000)$/, '$1T$2Z')
  return z.iso.datetime({ offset: true }).safeParse(iso).success ? new Date(iso) : undefined
}

function invalid(error: z.ZodError): ReadRun {
  const [issue] = error.issues
  return { kind: 'invalid', because: `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'of another shape'}` }
}
