import Link from 'next/link'
import type { ReactNode } from 'react'
import type { ButtonKind } from './button.tsx'
import s from './button.module.css'

export type ButtonLinkProps = { href: string; kind?: ButtonKind; children: ReactNode }

/** For going somewhere; a button is for doing something. */
export function ButtonLink({ href, kind = 'default', children }: ButtonLinkProps) {
  return (
    <Link href={href} prefetch={false} className={s.button} data-kind={kind}>
      {children}
    </Link>
  )
}
