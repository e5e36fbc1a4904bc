import { TableSkeleton } from '../../_ui/states/skeleton.tsx'

export default function Loading() {
  return <TableSkeleton rows={10} label="Loading drift" />
}
