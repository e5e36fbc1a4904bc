import type { ReactNode } from 'react'
import { Icon } from '../_ui/icon.tsx'
import { Logo } from '../_ui/shell/logo.tsx'
import s from './sign-in.module.css'

export type Persona = { id: string; name: string; role: string; does: string }

export type SignInCardProps = {
  /** People of the demonstration, each with a role of their own; empty outside it. */
  personas: readonly Persona[]
  /** The server action that signs a persona in; it gets `persona`. */
  signInAs?: ((form: FormData) => Promise<void>) | undefined
  /** The ways that are configured: a link to the company's identity provider, a form for a token. */
  children?: ReactNode
  /** Why the last attempt did not work. */
  failure?: string
}

export function SignInCard({ personas, signInAs, children, failure }: SignInCardProps) {
  return (
    <main className={s.page}>
      <div className={s.brand}>
        <Logo size={22} />
        Quarterdeck
      </div>
      <section className={s.card} aria-labelledby="sign-in">
        <h1 id="sign-in">Sign in</h1>
        {failure && (
          <p role="alert" className={s.failure}>
            {failure}
          </p>
        )}
        {children}
        {personas.length > 0 && <Personas personas={personas} signInAs={signInAs} />}
        {personas.length === 0 && !children && (
          <p className={s.lead}>
            No way to sign in is configured. Set up an OIDC provider or start the demonstration, then load this page
            again.
          </p>
        )}
      </section>
    </main>
  )
}

function Personas({ personas, signInAs }: Pick<SignInCardProps, 'personas' | 'signInAs'>) {
  return (
    <>
      <p className={s.lead}>This is a demonstration: be one of its people. What each may do differs.</p>
      <form {...(signInAs ? { action: signInAs } : {})}>
        <ul className={s.personas}>
          {personas.map((persona) => (
            <li key={persona.id}>
              <button type="submit" name="persona" value={persona.id}>
                <span className={s.who}>
                  <span className="sr">Sign in as </span>
                  <b>{persona.name}</b> <span>{persona.role}</span>
                  <small>{persona.does}</small>
                </span>
                <Icon name="right" size={14} />
              </button>
            </li>
          ))}
        </ul>
      </form>
    </>
  )
}
