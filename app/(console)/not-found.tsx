import { paths } from '../paths.ts'
import { ButtonLink } from '../_ui/button-link.tsx'
import { EmptyState } from '../_ui/states/empty-state.tsx'

export default function NotFound() {
  return (
    <EmptyState
      wholePage
      icon="question"
      title="There is nothing at this address"
      action={
        <ButtonLink href={paths.home()} kind="primary">
          Go to Home
        </ButtonLink>
      }
    >
      The thing may be in another workspace, or was removed. Ids of other workspaces are not told apart from ones that
      do not exist.
    </EmptyState>
  )
}
