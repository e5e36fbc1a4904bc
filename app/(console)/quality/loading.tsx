import { TableSkeleton } from '../../_ui/states/skeleton.tsx'

export default function Loading() {
  return <TableSkeleton rows={6} label="Loading the measured quality" />
}
