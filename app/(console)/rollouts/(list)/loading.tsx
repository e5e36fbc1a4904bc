import { PageHead } from '../../../_ui/page-head.tsx'
import { TableSkeleton } from '../../../_ui/states/skeleton.tsx'

export default function Loading() {
  return (
    <>
      <PageHead title="Rollouts" />
      <TableSkeleton rows={8} label="Loading the rollouts" />
    </>
  )
}
