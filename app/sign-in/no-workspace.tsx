import { Button } from '../_ui/button.tsx'
import { Logo } from '../_ui/shell/logo.tsx'
import s from './sign-in.module.css'

export type NoWorkspaceProps = { name: string; issuer: string; subject: string; signOut: () => Promise<void> }

/** For somebody who is known but holds no role anywhere: what an admin needs to know to give them one. */
export function NoWorkspace({ name, issuer, subject, signOut }: NoWorkspaceProps) {
  return (
    <main className={s.page}>
      <div className={s.brand}>
        <Logo size={22} />
        Quarterdeck
      </div>
      <section className={s.card} aria-labelledby="no-workspace">
        <h1 id="no-workspace">No workspace yet</h1>
        <p className={s.lead}>
          You are signed in as {name}, but hold no role in any workspace. Ask an admin to give one to the identity
          below, then load this page again.
        </p>
        <p className={s.lead}>
          <code>
            {issuer} / {subject}
          </code>
        </p>
        <form action={signOut}>
          <Button type="submit">Sign out</Button>
        </form>
      </section>
    </main>
  )
}
