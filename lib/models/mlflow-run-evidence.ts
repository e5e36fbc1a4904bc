import { z } from 'zod'
import { problem } from '#lib/platform/errors.ts'

// MLflow REST API 2.0, `runs/get`: metrics are {key, value, timestamp, step}; NaN and Infinity come as strings or not at all.
const metric = z.object({ key: z.string().min(1).max(250), value: z.unknown(), timestamp: z.number().optional() })
const Run = z.object({
  info: z.object({
    run_id: z.string().min(1).max(64),
    status: z.string().optional(),
    end_time: z.number().nullish(),
    user_id: z.string().optional(),
  }),
  data: z.object({ metrics: z.array(metric).max(2_000).default([]) }),
})

export type RunEvidence = {
  runId: string
  metrics: Record<string, number>
  /** Names that conditions cannot use or values that are no numbers: left out, and told. */
  left: string[]
  measuredAt: Date | undefined
}

const nameable = /^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/

/**
 * The metrics of an MLflow run from its JSON, as `runs/get` answers and `mlflow runs describe` prints it (with or without
 * the outer `run`). A name with other characters than letters, digits, dot, dash and underscore is left out.
 * @throws `invalid` when it is no run, has not finished, or has no usable metric
 */
export function runEvidence(exported: unknown): RunEvidence {
  const inner = typeof exported === 'object' && exported !== null && 'run' in exported ? exported.run : exported
  const parsed = Run.safeParse(inner)
  if (!parsed.success)
    throw problem('invalid', `run: not the JSON of an MLflow run: ${z.prettifyError(parsed.error).slice(0, 300)}`, {
      errors: [{ path: 'run', message: 'must be what GET /api/2.0/mlflow/runs/get answers' }],
    })
  const { info, data } = parsed.data
  if (info.status !== undefined && info.status !== 'FINISHED')
    throw problem('invalid', `run: it is ${info.status}. Only a finished run is evidence.`, {
      errors: [{ path: 'run.info.status', message: 'must be FINISHED' }],
    })
  const usable = data.metrics.filter(
    (m) => nameable.test(m.key) && typeof m.value === 'number' && Number.isFinite(m.value),
  )
  if (usable.length === 0)
    throw problem('invalid', 'run: it has no metric that is a finite number', {
      errors: [{ path: 'run.data.metrics', message: 'must hold at least one number' }],
    })
  return {
    runId: info.run_id,
    metrics: Object.fromEntries(usable.map((m) => [m.key, m.value as number])),
    left: data.metrics.filter((m) => !usable.includes(m)).map((m) => m.key),
    measuredAt: typeof info.end_time === 'number' ? new Date(info.end_time) : undefined,
  }
}
