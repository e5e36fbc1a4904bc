import { PageHead } from '../../../_ui/page-head.tsx'
import { TableSkeleton } from '../../../_ui/states/skeleton.tsx'

export default function Loading() {
  return (
    <>
      <PageHead title="Endpoints" />
      <TableSkeleton rows={12} label="Loading the endpoints" />
    </>
  )
}
