import { PageHead } from '../../../_ui/page-head.tsx'
import { TableSkeleton } from '../../../_ui/states/skeleton.tsx'

export default function Loading() {
  return (
    <>
      <PageHead title="Quality" />
      <TableSkeleton rows={6} label="Loading the measured quality" />
    </>
  )
}
