import type { Metadata } from 'next'
import { requireSession } from '../../_server/session.ts'
import { EmptyState } from '../../_ui/states/empty-state.tsx'

export const metadata: Metadata = { title: 'Runbooks' }

export default async function RunbooksPage() {
  await requireSession()
  return (
    <EmptyState wholePage icon="book" title="Runbooks are not part of this installation yet">
      Markdown runbooks of typed actions, with two-person steps and a dry run, will appear here. Until then an incident
      names what to do in its own notes.
    </EmptyState>
  )
}
