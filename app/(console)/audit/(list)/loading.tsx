import { PageHead } from '../../../_ui/page-head.tsx'
import { TableSkeleton } from '../../../_ui/states/skeleton.tsx'

export default function Loading() {
  return (
    <>
      <PageHead title="Audit" />
      <TableSkeleton rows={20} label="Loading the entries" />
    </>
  )
}
