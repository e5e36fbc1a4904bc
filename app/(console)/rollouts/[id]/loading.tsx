import { Skeleton } from '../../../_ui/states/skeleton.tsx'

export default function Loading() {
  return (
    <>
      <Skeleton heightPx={76} label="Loading the rollout" />
      <Skeleton heightPx={82} />
      <Skeleton heightPx={250} />
      <Skeleton heightPx={250} />
    </>
  )
}
