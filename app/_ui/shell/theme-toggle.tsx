'use client'
import { themeCookie, themeOf } from './theme.ts'
import s from './shell.module.css'

const cookieMaxAgeSeconds = 365 * 24 * 3600

/** Switches between light and dark at once, and keeps the choice in the cookie that the server reads. */
export function ThemeToggle() {
  return (
    <button type="button" className={s.iconButton} onClick={toggleTheme} aria-label="Switch between light and dark">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="5.500" fill="none" stroke="currentColor" strokeWidth="1.4" />
        <path d="M8 2.500a5.500 5.500 0 0 1 0 11z" fill="currentColor" />
      </svg>
    </button>
  )
}

function toggleTheme(): void {
  const root = document.documentElement
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  const next = (themeOf(root.dataset.theme) ?? system) === 'dark' ? 'light' : 'dark'
  root.dataset.theme = next
  document.cookie = `${themeCookie}=${next};path=/;max-age=${cookieMaxAgeSeconds};samesite=lax`
}
