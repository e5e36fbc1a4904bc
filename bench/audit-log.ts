/**
 * A log of a million synthetic entries for the benchmarks: rows made inside PostgreSQL (their digests and MACs are
 * random), leaves and tiles made and signed as the sequencer makes them.
 */
import { growEdge, EMPTY_EDGE, edgeRoot } from '#lib/audit/right-edge.ts'
import { leafHash } from '#lib/audit/merkle.ts'
import { encodeVerifierKey, generateNoteKey, parseSignerKey } from '#lib/audit/note-key.ts'
import { signCheckpoint } from '#lib/audit/checkpoint.ts'
import { openPool } from '#lib/platform/db/connect.ts'

const actors = 200
const things = 5_000
const batch = 100_000

/** Fills workspace `ws` with entries, a second apart, the newest last. The ids sort by time as real ones do. */
export async function fillEntries(url: string, workspaceId: string, count: number): Promise<void> {
  const pool = ownerPool(url)
  try {
    await pool.query('set session_replication_role = replica')
    await pool.query('set synchronous_commit = off')
    await pool.query('set statement_timeout = 0')
    // Indexes are made once at the end: a million times nine insertions are not what is measured.
    const { rows } = await pool.query<{ name: string; statement: string }>(
      `select indexname as name, indexdef as statement from pg_indexes where tablename in ('audit_entry', 'audit_detail') and indexdef not like '%UNIQUE%'`,
    )
    for (const { name } of rows) await pool.query(`drop index ${name}`)
    for (let from = 0; from < count; from += batch)
      await pool.query(fillSql(workspaceId, from, Math.min(count, from + batch)))
    await pool.query(`set maintenance_work_mem = '256MB'`)
    for (const { statement } of rows) await pool.query(statement)
    await pool.query('analyze audit_entry')
    await pool.query('analyze audit_detail')
  } finally {
    await pool.end()
  }
}

// Twenty actions, the first ones much more often; one entry in fifty denied, one in twenty found; four entries a request.
function fillSql(workspaceId: string, from: number, to: number): string {
  const id = `'ae_' || lpad(translate(to_hex(n + 1099511627776), 'abcdef', 'abcdef'), 26, '0')`
  return `with n as (select n, ${id} as id, timestamptz '2026-01-01' + n * interval '1 second' as at from generate_series(${from}, ${to - 1}) n),
    e as (insert into audit_entry (id, epoch, xid, time, kind, workspace_id, actor_id, resource_kind, resource_id, outcome, digest, instance, counter, mac, request_id)
      select id, 1, '1'::xid8, at, 'bench:act-' || chr(97 + floor(20 * power(hashint8(n)::bigint & 1023, 2) / 1048576)::int), '${workspaceId}',
        'id_bench' || (hashint8(n + 1) & 65535) % ${actors}, case when n % 3 = 0 then 'model' else 'endpoint' end, 'mo_bench' || (hashint8(n + 2) & 1048575) % ${things},
        case when n % 50 = 0 then 'denied' when n % 20 = 1 then 'found' else 'done' end, repeat(md5(n::text), 2), repeat('ab', 8), n + 1, repeat(md5('m' || n), 2), 'req_bench' || n / 4
      from n)
    insert into audit_detail (entry_id, salt, content, person_salt, person)
      select id, encode(decode(md5(n::text), 'hex'), 'base64'),
        json_build_object('v', 2, 'time', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"'), 'actor', json_build_object('kind', 'person', 'via', 'api', 'person', repeat(md5(n::text), 2)),
          'action', 'bench:act', 'resource', json_build_object('kind', 'model', 'id', 'mo_bench', 'name', 'fraud-' || n % 977), 'workspace', '${workspaceId}',
          'outcome', 'done', 'because', 'a step held for its time, number ' || n, 'before', json_build_object('weight', n % 100), 'after', json_build_object('weight', (n + 5) % 100), 'requestId', 'req_bench' || n / 4)::text,
        'c2FsdHNhbHRzYWx0c2FsdA==', '{"issuer":"https://idp.example","subject":"' || n % ${actors} || '","name":"Person ' || n % ${actors} || '"}'
      from n`
}

/** Gives all of them their places: leaves, tiles and one signed checkpoint. @returns the log's verifier key */
export async function fillLog(url: string, origin: string): Promise<{ size: number; vkey: string }> {
  const pool = ownerPool(url)
  try {
    await pool.query('set session_replication_role = replica')
    await pool.query('set synchronous_commit = off')
    await pool.query('set statement_timeout = 0')
    let edge = EMPTY_EDGE
    let after = ''
    for (;;) {
      const { rows } = await pool.query<{ id: string }>(
        'select id from audit_entry where id > $1 order by id limit 50000',
        [after],
      )
      if (rows.length === 0) break
      const leaves = rows.map((row) => Buffer.from(JSON.stringify({ id: row.id, v: 1 })))
      const hashes = leaves.map((leaf) => Buffer.from(leafHash(leaf)))
      const first = edge.size
      const grown = growEdge(edge, hashes)
      edge = grown.edge
      await pool.query(
        `insert into audit_leaf select $1::bigint + n - 1, i, l, h from unnest($2::text[], $3::bytea[], $4::bytea[]) with ordinality as t(i, l, h, n)`,
        [first, rows.map((row) => row.id), leaves, hashes],
      )
      await pool.query(
        `insert into audit_tile select * from unnest($1::int[], $2::bigint[], $3::bytea[]) on conflict (level, index) do update set hashes = excluded.hashes`,
        [grown.tiles.map((t) => t.level), grown.tiles.map((t) => t.index), grown.tiles.map((t) => t.bytes)],
      )
      after = rows.at(-1)?.id ?? ''
    }
    const signer = parseSignerKey(generateNoteKey(origin).skey)
    const root = edgeRoot(edge)
    const note = signCheckpoint({ origin, size: edge.size, root }, 'nothing-signed-yet', [signer])
    await pool.query('insert into audit_checkpoint values ($1, $2, $3, now())', [
      edge.size,
      Buffer.from(root).toString('base64'),
      note,
    ])
    await pool.query('analyze audit_leaf')
    return { size: edge.size, vkey: encodeVerifierKey(signer) }
  } finally {
    await pool.end()
  }
}

// One connection, so that its settings hold for every statement.
function ownerPool(url: string) {
  return openPool({ url, role: 'owner', max: 1, applicationName: 'bench', onError: (error) => console.error(error) })
}
