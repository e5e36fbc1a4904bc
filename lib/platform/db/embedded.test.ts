import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#lib/platform/clock.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded.ts'
import { readPostmaster } from './postmaster-pid.ts'
import { roomiestFolder } from './test-clusters.ts'

let root: string
let number = 0
const children: ChildProcess[] = []
const servers: EmbeddedPostgres[] = []

beforeAll(async () => {
  root = mkdtempSync(join(roomiestFolder(), 'qd-embedded-'))
  chmodSync(root, 0o711)
  await (await startEmbeddedPostgres({ dataFolder: join(root, 'made'), durable: false })).stop()
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(servers.splice(0).map((s) => s.stop()))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newFolder = () => join(root, String((number += 1)))
/** With a cluster in it that was stopped in order. */
const madeFolder = () => {
  const folder = newFolder()
  execFileSync('cp', ['-a', join(root, 'made'), folder])
  return folder
}
const start = async (dataFolder: string) => {
  const server = await startEmbeddedPostgres({ dataFolder, durable: false })
  servers.push(server)
  return server
}
const select = async (url: string, text: string) => {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows[0] as Record<string, unknown>
  } finally {
    await client.end()
  }
}

/** Another process that starts PostgreSQL; resolves when it says that it did. */
async function startElsewhere(
  dataFolder: string,
  uid = '',
): Promise<{ child: ChildProcess; url: string; adopted: boolean }> {
  const fixture = join(import.meta.dirname, 'embedded.fixture.ts')
  const child = spawn(process.execPath, [fixture, dataFolder, uid], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { child, ...(JSON.parse(line) as { url: string; adopted: boolean }) }
}

/** Waits, boundedly, for what another process brings about. */
async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i += 1) await systemClock.sleep(10)
  expect(condition()).toBe(true)
}

describe('startEmbeddedPostgres', () => {
  it('makes a cluster, serves it on a socket only, stops, and finds its data again', async () => {
    const folder = newFolder()
    const first = await startEmbeddedPostgres({ dataFolder: folder })
    const facts = `select current_user as user, current_database() as database, current_setting('listen_addresses') as addresses,
      current_setting('fsync') || current_setting('synchronous_commit') as durable, current_setting('server_encoding') as encoding,
      (select datlocale from pg_database where datname = current_database()) as locale`
    expect(await select(first.url, facts)).toEqual({
      user: 'quarterdeck',
      database: 'quarterdeck',
      addresses: '',
      durable: 'onon',
      encoding: 'UTF8',
      locale: 'C.UTF-8',
    })
    await select(first.url, 'create table kept as select 1 as one')
    const pid = readPostmaster(join(folder, 'data'))!.pid
    await first.stop()
    expect(await first.exited).toEqual({ code: 0, signal: null, expected: true })
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    expect(statSync(folder).mode & 0o777).toBe(0o700)

    const second = await start(folder)
    expect(await select(second.url, 'select one from kept')).toEqual({ one: 1 })
  })

  it('ends with the process that started it, even by kill -9, and what was committed is kept', async () => {
    const folder = madeFolder()
    const { child, url } = await startElsewhere(folder)
    await select(url, 'create table kept as select 1 as one')
    expect(readPostmaster(join(folder, 'data'))).toBeDefined()
    child.kill('SIGKILL')
    await eventually(() => readPostmaster(join(folder, 'data')) === undefined)
    expect(await select((await start(folder)).url, 'select one from kept')).toEqual({ one: 1 })
  })

  it('adopts the server of another process and sees its end', async () => {
    const folder = madeFolder()
    const { child, url } = await startElsewhere(folder)
    const adopted = await start(folder)
    expect(adopted).toMatchObject({ url, adopted: true })
    const released = await start(folder)
    await released.stop()
    expect(await released.exited).toMatchObject({ expected: true })
    expect(await select(adopted.url, 'select 1 as one')).toEqual({ one: 1 })
    child.kill('SIGKILL')
    await adopted.exited
    expect(readPostmaster(join(folder, 'data'))).toBeUndefined()
  })

  it('started by three at once, one makes and starts it and the others adopt it', async () => {
    const folder = newFolder()
    const started = await Promise.all([start(folder), startElsewhere(folder), startElsewhere(folder)])
    expect(started.filter((s) => !s.adopted)).toHaveLength(1)
    expect(new Set(started.map((s) => s.url)).size).toBe(1)
  })

  it('recovers after a kill -9 of the server, and reports that end as unexpected', async () => {
    const folder = madeFolder()
    const first = await start(folder)
    await select(first.url, 'create table kept as select 1 as one')
    process.kill(readPostmaster(join(folder, 'data'))!.pid, 'SIGKILL')
    expect(await first.exited).toMatchObject({ expected: false })
    expect(existsSync(join(folder, 'data', 'postmaster.pid'))).toBe(true)
    expect(await select((await start(folder)).url, 'select one from kept')).toEqual({ one: 1 })
  })

  it('takes no other process for its server: a stale postmaster.pid that names us', async () => {
    const folder = madeFolder()
    await (await start(folder)).stop()
    writeFileSync(join(folder, 'data', 'postmaster.pid'), `${process.pid}\n${folder}/data\n0\n5432\n/tmp\n\n\nready\n`)
    expect((await start(folder)).adopted).toBe(false)
  })
})
