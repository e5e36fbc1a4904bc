/**
 * What a decision costs: µs a call with 60 rules and 100,000 bindings. Ours (a lookup in a table that casbin filled, and
 * narrowing), beside casbin asked directly over the same rules and bindings, beside a plain Map lookup as the floor. Also
 * the whole decision, with its roles read from a PostgreSQL that holds as many bindings. One JSON line a figure.
 *
 *   node bench/enforce.ts [bindings] [calls]
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { newEnforcer, newModel, StringAdapter } from 'casbin'
import pg from 'pg'
import { actions, roles } from '#lib/access/actions.ts'
import { accessDecision } from '#lib/access/authorize.ts'
import { decideAccess } from '#lib/access/decide.ts'
import { buildAccessRules } from '#lib/access/rules.ts'
import { createWorkspace } from '#lib/members/create-workspace.ts'
import { systemCtx } from '#lib/platform/call.ts'
import type { Ctx, System } from '#lib/platform/context.ts'
import { onBenchSystem } from './installation.ts'

const bindings = Number(process.argv[2] ?? 100_000)
const calls = Number(process.argv[3] ?? 20_000)
const rulesMax = 60
const folder = path.join(import.meta.dirname, '..', 'policies', 'access')
const [model = '', policy = ''] = await Promise.all(
  ['model.conf', 'roles.csv'].map((file) => readFile(path.join(folder, file), 'utf8')),
)

const people = Array.from({ length: bindings }, (_, n) => ({
  id: `user:${n}`,
  role: roles[n % roles.length] ?? 'viewer',
}))
await measureInMemory()
await onBenchSystem(measureWithDatabase)

async function measureInMemory(): Promise<void> {
  const floor = new Map(people.map((p) => [p.id, p.role]))
  report(
    'map-lookup',
    'floor',
    perCall((n) => floor.get(`user:${(n * 7919) % bindings}`) === 'operator'),
  )
  const rules = await buildAccessRules(model, policy)
  const on = { kind: 'rollout', id: 'ro_1', workspaceId: 'ws_1', environment: 'production', labels: ['fraud'] }
  const held = new Map(
    people.map((p) => [p.id, [{ role: p.role, workspaceId: 'ws_1', environment: 'production', label: null }]]),
  )
  const decide = (n: number) =>
    decideAccess(
      rules,
      held.get(`user:${(n * 7919) % bindings}`) ?? [],
      actions[n % actions.length] ?? 'model:read',
      on,
    ).allowed
  report('decide', 'ours', perCall(decide))
  const lines = policy
    .split('\n')
    .filter((l) => l.startsWith('p,'))
    .slice(0, rulesMax)
  const text = `[request_definition]\nr = sub, dom, obj, act\n[policy_definition]\np = sub, obj, act\n[role_definition]\ng = _, _, _\n[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = r.obj == p.obj && r.act == p.act && g(r.sub, p.sub, r.dom)\n`
  const grouped = people.map((p) => `g, ${p.id}, role:${p.role}, ws_1`)
  const enforcer = await newEnforcer(newModel(text), new StringAdapter([...lines, ...grouped].join('\n')))
  const direct = (n: number) => {
    const [noun, verb] = (actions[n % actions.length] ?? 'model:read').split(':')
    return enforcer.enforceSync(`user:${(n * 7919) % bindings}`, 'ws_1', noun, verb)
  }
  report('casbin-enforce-sync', `casbin, ${lines.length} rules`, perCall(direct, Math.min(calls, 5_000)))
}

async function measureWithDatabase(system: System, url: string): Promise<void> {
  const { id } = await createWorkspace(systemCtx(system), { name: 'bench', title: 'Bench' })
  await fill(url, id)
  await measureWhole(systemCtx(system, id))
}

/** As many bindings as asked for, of as many people, straight into the tables: they are what is measured against. */
async function fill(url: string, workspaceId: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(
      `insert into identity (id, issuer, subject, kind, name, created_at)
       select 'id_bench' || n, 'https://idp.test', 'p' || n, 'person', 'p' || n, now() from generate_series(1, $1::int) n`,
      [bindings],
    )
    await client.query(
      `insert into role_binding (id, workspace_id, identity_id, role, created_at, created_by)
       select 'rb_bench' || n, $2, 'id_bench' || n, ($3::text[])[1 + n % 7], now(), 'id_bench1' from generate_series(1, $1::int) n`,
      [bindings, workspaceId, roles.slice(0, 7)],
    )
    await client.query('analyze')
  } finally {
    await client.end()
  }
}

async function measureWhole(ctx: Ctx): Promise<void> {
  const resource = { kind: 'workspace', id: ctx.workspaceId, workspaceId: ctx.workspaceId }
  const rounds = Math.min(calls, 2_000)
  const decide = (n: number) =>
    accessDecision({ ...ctx, actorId: `id_bench${1 + ((n * 7919) % bindings)}` }, ctx.db, 'rollout:start', resource)
  for (let n = 0; n < 200; n += 1) await decide(n)
  const micros: number[] = []
  for (let n = 0; n < rounds; n += 1) {
    const start = performance.now()
    await decide(n)
    micros.push((performance.now() - start) * 1_000)
  }
  micros.sort((a, b) => a - b)
  report('decision-with-roles-from-postgresql', 'ours, p50', micros[Math.floor(rounds / 2)] ?? 0)
  report('decision-with-roles-from-postgresql', 'ours, p99', micros[Math.floor(rounds * 0.99)] ?? 0)
}

/** Microseconds a call, after a tenth of the calls to warm up. */
function perCall(call: (n: number) => boolean, times = calls): number {
  let allowed = 0
  for (let n = 0; n < times / 10; n += 1) if (call(n)) allowed += 1
  const start = performance.now()
  for (let n = 0; n < times; n += 1) if (call(n)) allowed += 1
  const micros = ((performance.now() - start) * 1_000) / times
  if (allowed === 0) throw new Error('nothing was ever allowed: this measures refusals of nothing')
  return micros
}

function report(figure: string, of: string, value: number): void {
  console.log(
    JSON.stringify({ benchmark: 'enforce', figure, of, value: Number(value.toFixed(3)), unit: 'µs', bindings, calls }),
  )
}
