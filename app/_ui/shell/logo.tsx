import s from './shell.module.css'

/** The mark: a ship's wheel. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg className={s.logo} width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent-solid)" />
      <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round">
        <circle cx="16" cy="16" r="6.200" />
        <path d="M16 5.500v4.300M16 22.200v4.300M5.500 16h4.300M22.200 16h4.300M8.600 8.600l3 3M20.400 20.400l3 3M23.400 8.600l-3 3M11.600 20.400l-3 3" />
      </g>
      <circle cx="16" cy="16" r="1.800" fill="#fff" />
    </svg>
  )
}
