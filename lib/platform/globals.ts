/**
 * Next bundles a module into several copies (instrumentation, route handlers, pages), so a module-level singleton
 * exists more than once in a process. What must be one a process lives on `globalThis` under a registered symbol.
 */
export function processSingleton<T>(name: string, make: () => T): T {
  const key = Symbol.for(`quarterdeck.${name}`)
  const holder = globalThis as unknown as Record<symbol, T | undefined>
  const present = holder[key]
  if (present !== undefined) return present
  const made = make()
  holder[key] = made
  return made
}
