/** What is read of package-lock.json (lockfileVersion 3), as npm's documentation describes it. */
export type Lock = { readonly packages: Readonly<Record<string, LockEntry>> }

type LockEntry = {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type Names<K extends string> = Readonly<Partial<Record<K, readonly string[]>>>

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

/** The lock with an entry for every optional dependency with an exact version that has none, and the paths that were added. */
export function completeLock(lock: Lock): { readonly lock: Lock; readonly added: readonly string[] } {
  const packages: Record<string, LockEntry> = { ...lock.packages }
  const missing = missingOptional(lock)
  for (const { parent, name, version } of missing) {
    const top = `node_modules/${name}`
    const path = packages[top] === undefined || packages[top].version === version ? top : `${parent}/${top}`
    const dev = lock.packages[parent]?.dev === true
    const { os, cpu, libc } = platformOf(name)
    // In npm's own order of keys, so that its next rewriting changes nothing.
    packages[path] = { version, ...cpu, ...(dev ? { dev } : {}), ...libc, optional: true, ...os }
  }
  const sorted = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const added = Object.keys(sorted).filter((path) => lock.packages[path] === undefined)
  return { lock: { ...lock, packages: sorted }, added }
}

/** Optional dependencies of locked packages that the lock does not hold; `npm ci` refuses a lock that has any. */
export function missingOptional(
  lock: Lock,
): readonly { readonly parent: string; readonly name: string; readonly version: string }[] {
  return Object.entries(lock.packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !resolves(lock, parent, name))
      .map(([name, version]) => ({ parent, name, version })),
  )
}

/** Looks in the folders that Node looks in, from the package upwards. */
function resolves(lock: Lock, parent: string, name: string): boolean {
  const parts = parent.split('/node_modules/')
  const folders = parts.map((_, index) => parts.slice(0, parts.length - index).join('/node_modules/'))
  return [...folders.filter((folder) => folder !== '').map((folder) => `${folder}/`), ''].some(
    (folder) => lock.packages[`${folder}node_modules/${name}`] !== undefined,
  )
}

/** The platform that a package of prebuilt files is for, by its name: `…-linux-arm64-musl`. */
function platformOf(name: string): {
  readonly os: Names<'os'>
  readonly cpu: Names<'cpu'>
  readonly libc: Names<'libc'>
} {
  const words = name.split(/[-/]/)
  const os = systems.filter((system) => words.includes(system) || (system === 'win32' && words.includes('win')))
  const cpu = processors.filter((processor) => words.includes(processor))
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') && os.includes('linux') ? ['glibc'] : []
  return {
    os: os.length > 0 ? { os } : {},
    cpu: cpu.length > 0 ? { cpu } : {},
    libc: libc.length > 0 ? { libc } : {},
  }
}
