import { sql, type Kysely } from 'kysely'

/** Hourly sums of request facts, kept beside the slices in the same transactions, and up to when slices were forgotten. */
export const rollups = {
  id: '0012_rollups',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(hours).execute(db)
    await sql.raw(present).execute(db)
  },
}

// `before` of request_slice: slices that begin earlier are not read any more, and are deleted piece by piece.
const hours = `
create table request_hour (
  workspace_id text not null, endpoint_id text not null, version_id text not null, generation integer not null, hour_at timestamptz not null,
  requests bigint not null, errors bigint not null, cpu_micros bigint not null, cpu_reported bigint not null, latency jsonb not null,
  last_slice_at timestamptz not null, primary key (endpoint_id, version_id, generation, hour_at));
create index request_hour_time on request_hour (endpoint_id, hour_at);
create index request_hour_age on request_hour (hour_at);
create index request_fact_age on request_fact (slice_at);
create index rollout_ended on rollout (ended_at) where ended_at is not null;
create table forgotten (name text primary key, before timestamptz not null);
`

// What was folded before this migration. Every slice has the finest scale of histograms, so buckets add up by their names.
const present = `
with slice as (
  select *, date_trunc('hour', slice_at, 'UTC') as hour_at from request_fact),
bucket as (
  select endpoint_id, version_id, generation, hour_at, key, sum(value::bigint) as n
  from slice, jsonb_each_text(latency->'counts') group by endpoint_id, version_id, generation, hour_at, key),
histogram as (
  select endpoint_id, version_id, generation, hour_at, jsonb_object_agg(key, n) as counts
  from bucket group by endpoint_id, version_id, generation, hour_at)
insert into request_hour
select min(s.workspace_id), s.endpoint_id, s.version_id, s.generation, s.hour_at,
  sum(s.requests), sum(s.errors), sum(s.cpu_micros), sum(s.cpu_reported),
  jsonb_build_object('scale', min((s.latency->>'scale')::int), 'zeroCount', sum((s.latency->>'zeroCount')::bigint),
    'counts', coalesce((array_agg(h.counts))[1], '{}'::jsonb)),
  max(s.slice_at)
from slice s left join histogram h using (endpoint_id, version_id, generation, hour_at)
group by s.endpoint_id, s.version_id, s.generation, s.hour_at;
`
