/** The cookie that carries the theme; without it the system's preference holds. */
export const themeCookie = 'theme'

export type Theme = 'light' | 'dark'

/** The theme a cookie's value names, or undefined when it names none. */
export function themeOf(value: string | undefined): Theme | undefined {
  return value === 'light' || value === 'dark' ? value : undefined
}
