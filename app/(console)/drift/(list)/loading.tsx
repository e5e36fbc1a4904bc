import { PageHead } from '../../../_ui/page-head.tsx'
import { TableSkeleton } from '../../../_ui/states/skeleton.tsx'

export default function Loading() {
  return (
    <>
      <PageHead title="Drift" />
      <TableSkeleton rows={10} label="Loading drift" />
    </>
  )
}
