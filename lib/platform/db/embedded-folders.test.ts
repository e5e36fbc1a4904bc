import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#lib/platform/clock.ts'
import { startEmbeddedPostgres } from './embedded.ts'
import { findPackage, findPostgresBinaries } from './postgres-binaries.ts'
import { explainFailure } from './postgres-failure.ts'
import { defaultDataFolder } from './postgres-folders.ts'
import { canEnter, choosePostgresUser } from './postgres-user.ts'
import { isPostgresOf } from './postmaster-pid.ts'
import { roomiestFolder } from './test-clusters.ts'

const isRoot = process.getuid?.() === 0
const nobody = { uid: 65534, gid: 65534, name: 'nobody' }
let root: string
let made: string
let number = 0

beforeAll(async () => {
  root = mkdtempSync(join(roomiestFolder(), 'qd-folders-'))
  chmodSync(root, 0o711)
  made = join(root, 'made')
  await (await startEmbeddedPostgres({ dataFolder: made, durable: false })).stop()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A folder with a cluster in it that was stopped in order. */
function copyOfMade(name = String((number += 1))): string {
  const folder = join(root, name)
  execFileSync('cp', ['-a', made, folder])
  return folder
}

const startAndStop = async (dataFolder: string) => {
  const said: string[] = []
  const server = await startEmbeddedPostgres({ dataFolder, durable: false, log: (m) => said.push(m) })
  await server.stop()
  return { url: server.url, said: said.join('\n') }
}

describe('the folder of an embedded PostgreSQL', () => {
  it('may have a path too long for a socket: a short private one is recorded and used again', async () => {
    const folder = copyOfMade('long-'.repeat(30))
    const first = await startAndStop(folder)
    const recorded = readFileSync(join(folder, 'socket-folder'), 'utf8')
    expect(first.url).toContain(encodeURIComponent(recorded))
    expect(statSync(recorded).mode & 0o777).toBe(0o700)
    expect((await startAndStop(folder)).url).toBe(first.url)
    // Swept away and made by someone else, with open doors: it is not trusted.
    chmodSync(recorded, 0o777)
    const third = await startAndStop(folder)
    expect(third.url).not.toBe(first.url)
    rmSync(recorded, { recursive: true })
    rmSync(readFileSync(join(folder, 'socket-folder'), 'utf8'), { recursive: true })
  })

  it('may hold an initdb that was cut off: it is done again', async () => {
    const folder = join(root, 'half')
    mkdirSync(join(folder, 'unfinished-data', 'base'), { recursive: true })
    writeFileSync(join(folder, 'unfinished-data', 'PG_VERSION'), '18\n')
    mkdirSync(join(folder, 'data'))
    expect((await startAndStop(folder)).said).toMatch(/^Making a new database/)
    expect(readdirSync(folder)).not.toContain('unfinished-data')
  })

  it('of another major version is refused with what to do', async () => {
    const folder = copyOfMade()
    writeFileSync(join(folder, 'data', 'PG_VERSION'), '17\n')
    await expect(startAndStop(folder)).rejects.toThrow(
      /written by PostgreSQL 17, and this Quarterdeck brings PostgreSQL 18/,
    )
  })

  it('with files of something else is refused and left alone', async () => {
    const folder = join(root, 'other')
    mkdirSync(join(folder, 'data'), { recursive: true })
    writeFileSync(join(folder, 'data', 'letter.txt'), 'dear')
    await expect(startAndStop(folder)).rejects.toThrow(/holds files that are no PostgreSQL cluster/)
    expect(readFileSync(join(folder, 'data', 'letter.txt'), 'utf8')).toBe('dear')
  })

  it('with a damaged cluster: the error quotes PostgreSQL and no server stays', async () => {
    const folder = copyOfMade()
    rmSync(join(folder, 'data', 'global', 'pg_control'))
    await expect(startAndStop(folder)).rejects.toThrow(/could not be started.*could not find the database system/s)
    expect(existsSync(join(folder, 'data', 'postmaster.pid'))).toBe(false)
  })

  it('below a file is refused as an error of the disk', async () => {
    writeFileSync(join(root, 'file'), '')
    await expect(startAndStop(join(root, 'file', 'postgres'))).rejects.toThrow(
      /could not be started in .*ENOTDIR|EEXIST/s,
    )
  })

  it.runIf(isRoot)('below a folder closed to the user PostgreSQL runs as is refused with what to do', async () => {
    const closed = join(root, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    await expect(startAndStop(join(closed, 'postgres'))).rejects.toThrow(
      /cannot enter .*closed\/postgres: .*chmod o\+x/s,
    )
  })

  // Not from a repository below a closed home directory, where a normal user could not have started it.
  it.runIf(isRoot && canEnter(import.meta.dirname, nobody))('run by a normal user works the same', async () => {
    const parent = join(root, 'theirs')
    mkdirSync(parent)
    chmodSync(parent, 0o777)
    const fixture = join(import.meta.dirname, 'embedded.fixture.ts')
    const child = spawn(process.execPath, [fixture, join(parent, 'postgres'), String(nobody.uid)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const output = text(child.stdout)
    child.stdin.end()
    const [code] = (await once(child, 'exit')) as [number]
    expect({ code, said: await output }).toEqual({
      code: 0,
      said: expect.stringContaining('"adopted":false') as string,
    })
    expect(statSync(join(parent, 'postgres', 'data')).uid).toBe(nobody.uid)
    expect(existsSync(join(parent, 'postgres', 'data', 'postmaster.pid'))).toBe(false)
  })
})

describe('findPostgresBinaries', () => {
  it.runIf(isRoot)('copies the programs when node_modules is closed to the user PostgreSQL runs as', () => {
    // Not in /dev/shm, from which programs may not be run everywhere.
    const folder = mkdtempSync(join(tmpdir(), 'qd-binaries-'))
    chmodSync(folder, 0o711)
    mkdirSync(join(folder, 'home'), { mode: 0o700 })
    const found = findPackage(`${process.platform}-${process.arch}`)
    symlinkSync(found.folder, join(folder, 'home', 'package'))
    const user = choosePostgresUser('')!
    const { postgres, version } = findPostgresBinaries(folder, user, {
      ...found,
      folder: join(folder, 'home', 'package'),
    })
    expect(postgres).toBe(join(folder, `native-${found.version}`, 'bin', 'postgres'))
    const said = execFileSync(postgres, ['--version'], { uid: user.uid, gid: user.gid, cwd: '/', encoding: 'utf8' })
    expect(said).toContain(version.split('-')[0]!.replace(/\.\d+$/, ''))
    expect(readdirSync(folder).toSorted()).toEqual(['home', `native-${found.version}`])
    rmSync(folder, { recursive: true })
  })

  it('says what to do on a platform without a package', () => {
    expect(() => findPackage('win32-x64')).toThrow(
      /No PostgreSQL comes with Quarterdeck for win32-x64. Set DATABASE_URL/,
    )
  })
})

describe('isPostgresOf', () => {
  it.runIf(process.platform === 'linux')(
    'takes a zombie, another program and the PostgreSQL of another folder for dead',
    async () => {
      const server = await startEmbeddedPostgres({ dataFolder: copyOfMade(), durable: false })
      const folder = join(root, String(number), 'data')
      const pid = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0])
      expect(isPostgresOf(pid, folder)).toBe(true)
      expect(isPostgresOf(pid, join(made, 'data'))).toBe(false)
      expect(isPostgresOf(process.pid, folder)).toBe(false)
      // A program called postgres that has ended, and a parent that never asks how.
      const program = join(root, 'postgres')
      symlinkSync('/bin/true', program)
      const command = 'cd "$1" && { "$2" & echo $!; exec sleep 60; }'
      const parent = spawn('/bin/sh', ['-c', command, 'sh', folder, program], { stdio: ['ignore', 'pipe', 'inherit'] })
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const zombie = Number(line.toString())
      const stat = () => readFileSync(`/proc/${zombie}/stat`, 'utf8')
      for (let i = 0; i < 2000 && !stat().includes(') Z '); i += 1) await systemClock.sleep(5)
      expect(stat()).toContain('(postgres) Z ')
      expect(isPostgresOf(zombie, folder)).toBe(false)
      parent.kill('SIGKILL')
      await server.stop()
    },
  )
})

describe('explainFailure', () => {
  it.each([
    ['FATAL: could not write lock file "postmaster.pid": No space left on device', 'The disk is full'],
    ['ENOSPC: no space left on device, mkdir', 'The disk is full'],
    ["EROFS: read-only file system, mkdir '/x'", 'mounted read-only'],
    ["EACCES: permission denied, mkdir '/x'", 'Start it as the user who owns the folder'],
    ['initdb: error: could not look up effective user ID 4242: user does not exist', 'no entry in /etc/passwd'],
    ['PANIC:  could not locate a valid checkpoint record', 'Restore the folder from a backup'],
    ['FATAL: could not map anonymous shared memory: Cannot allocate memory', 'too little memory'],
  ])('%s', (said, advice) => {
    const { message } = explainFailure('PostgreSQL could not be started', said)
    expect(message).toContain(advice)
    expect(message).toContain(said)
  })
})

describe('defaultDataFolder', () => {
  it('is open to another user for root, and follows the XDG base directories for others', () => {
    const ofUser = defaultDataFolder({ XDG_DATA_HOME: '/data/home' })
    expect(ofUser).toBe(isRoot ? '/var/lib/quarterdeck' : '/data/home/quarterdeck')
  })
})
