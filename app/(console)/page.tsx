import type { Metadata } from 'next'
import { Suspense } from 'react'
import { listEndpoints } from '#lib/endpoints/reads.ts'
import { listModels } from '#lib/models/reads.ts'
import { refusalOf } from '../_server/may.ts'
import { requireCtx } from '../_server/session.ts'
import { PageHead } from '../_ui/page-head.tsx'
import { TableSkeleton } from '../_ui/states/skeleton.tsx'
import { FirstSteps } from './_home/first-steps.tsx'
import { Fleet } from './_home/fleet.tsx'
import { Needs } from './_home/needs-panel.tsx'
import { Today } from './_home/today.tsx'

export const metadata: Metadata = { title: 'Home' }

export default async function HomePage() {
  const ctx = await requireCtx()
  const [noModels, noEndpoints] = await Promise.all([refusalOf(ctx, 'model:read'), refusalOf(ctx, 'endpoint:read')])
  const [models, endpoints] = await Promise.all([
    noModels ? null : listModels(ctx, { limit: 1 }),
    noEndpoints ? null : listEndpoints(ctx, { limit: 200 }),
  ])
  if (models?.items.length === 0 && endpoints?.items.length === 0) return <FirstSteps />
  return (
    <>
      <PageHead title="Home" />
      <Suspense fallback={<TableSkeleton rows={3} label="Loading what needs you" />}>
        <Needs />
      </Suspense>
      {endpoints && <Fleet endpoints={endpoints.items} nowMs={ctx.clock.now().getTime()} />}
      <Suspense fallback={<TableSkeleton rows={8} label="Loading what changed today" />}>
        <Today />
      </Suspense>
    </>
  )
}
