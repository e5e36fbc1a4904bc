import { PageHead } from '../../_ui/page-head.tsx'
import { TableSkeleton } from '../../_ui/states/skeleton.tsx'

export default function Loading() {
  return (
    <>
      <PageHead title="Access" />
      <TableSkeleton rows={6} label="Loading roles and members" />
    </>
  )
}
