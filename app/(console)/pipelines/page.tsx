import type { Metadata } from 'next'
import { requireSession } from '../../_server/session.ts'
import { EmptyState } from '../../_ui/states/empty-state.tsx'

export const metadata: Metadata = { title: 'Pipelines' }

export default async function PipelinesPage() {
  await requireSession()
  return (
    <EmptyState wholePage icon="flow" title="Pipelines are not part of this installation yet">
      Training, retraining and batch inference on Airflow, Spark or Kubernetes Jobs will appear here, each with the
      decision that triggered it.
    </EmptyState>
  )
}
