'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { isHere } from './is-here.ts'

export type NavLinkProps = { href: string; className?: string | undefined; children: ReactNode }

/** A link that says when it leads to where one is (`aria-current="page"`). It closes the popover that holds it. */
export function NavLink({ href, className, children }: NavLinkProps) {
  const here = isHere(href, usePathname())
  return (
    <Link
      href={href}
      prefetch={false}
      className={className}
      {...(here ? { 'aria-current': 'page' as const } : {})}
      onClick={(event) => event.currentTarget.closest<HTMLElement>('[popover]')?.hidePopover()}
    >
      {children}
    </Link>
  )
}
