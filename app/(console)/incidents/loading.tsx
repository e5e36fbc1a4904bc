import { TableSkeleton } from '../../_ui/states/skeleton.tsx'

export default function Loading() {
  return <TableSkeleton rows={8} label="Loading the incidents" />
}
