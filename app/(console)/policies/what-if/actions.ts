'use server'
import { whatIf } from '#lib/approvals/reads-what-if.ts'
import { isProblem } from '#lib/platform/errors.ts'
import { checkOwnPage, field } from '../../../_server/act.ts'
import { requireCtx } from '../../../_server/session.ts'
import type { WhatIfState } from './state.ts'

/** Reads only: which past requests these policies would have decided otherwise. */
export async function askWhatIf(_: WhatIfState, form: FormData): Promise<WhatIfState> {
  const ctx = await requireCtx()
  try {
    await checkOwnPage(ctx.config)
    const { policies, replayed, otherwise } = await whatIf(ctx, {
      policies: field(form, 'policies'),
      limit: Number(field(form, 'limit')),
    })
    const rows = otherwise.map(({ requestedAt, policy, ...rest }) => ({
      ...rest,
      policy: policy ?? 'none',
      requestedAtMs: requestedAt.getTime(),
    }))
    return { status: 'answered', policies, replayed, otherwise: rows }
  } catch (error) {
    for (const code of ['invalid', 'forbidden'] as const) {
      if (isProblem(error, code)) return { status: 'failed', message: error.message }
    }
    throw error
  }
}
