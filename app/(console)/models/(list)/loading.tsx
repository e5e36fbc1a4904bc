import { PageHead } from '../../../_ui/page-head.tsx'
import { TableSkeleton } from '../../../_ui/states/skeleton.tsx'

export default function Loading() {
  return (
    <>
      <PageHead title="Models" />
      <TableSkeleton rows={16} label="Loading the models" />
    </>
  )
}
