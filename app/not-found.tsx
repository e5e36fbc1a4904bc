import type { Metadata } from 'next'
import { ButtonLink } from './_ui/button-link.tsx'
import { Logo } from './_ui/shell/logo.tsx'
import { EmptyState } from './_ui/states/empty-state.tsx'
import { paths } from './paths.ts'
import s from './sign-in/sign-in.module.css'

export const metadata: Metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <main className={s.page}>
      <div className={s.brand}>
        <Logo size={22} />
        Quarterdeck
      </div>
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
        The thing may have been removed, or your roles do not let you see that it exists.
      </EmptyState>
    </main>
  )
}
