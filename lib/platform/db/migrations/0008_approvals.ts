import { sql, type Kysely } from 'kysely'

/** Evidence of versions, votes with the rights that they were cast by, and break-glass with its review. */
export const approvals = {
  id: '0008_approvals',
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(evidence).execute(db)
    await sql.raw(votes).execute(db)
    await sql.raw(breakGlass).execute(db)
    await sql.raw(storedPolicies).execute(db)
  },
}

const evidence = `
alter table model drop constraint model_risk_check;
alter table model add constraint model_risk_check check (risk in ('low','medium','high','unknown'));
create table evidence (
  id text primary key, workspace_id text not null references workspace, version_id text not null references model_version,
  kind text not null check (kind in ('evaluation','model-card','data-validation','security-scan','drift-baseline','test-result')),
  digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'), content jsonb not null, source jsonb,
  statement_digest text not null, produced_by text not null references identity, measured_at timestamptz not null, added_at timestamptz not null,
  withdrawn_at timestamptz, withdrawn_by text references identity, withdrawn_because text,
  check ((withdrawn_at is null) = (withdrawn_by is null)), check (measured_at <= added_at));
create unique index evidence_once on evidence (version_id, kind, digest) where withdrawn_at is null;
create index evidence_of on evidence (version_id, id);
`

// `approved_at` stays when an approval ends: a rollback may go back to what was approved once. `grants` says by which roles, and on whose authority, a vote was cast: what-if replays it, counting asks anew.
const votes = `
alter table approval_vote add column grants jsonb not null default '[]';
alter table approval add column approved_at timestamptz;
update approval set approved_at = decided_at where state in ('approved','revoked') or (state = 'expired' and because = 'The approval has reached its end.');
create index approval_of_version on approval (version_id, environment_id, revision desc);
`

// One open review a workspace and environment: a second use waits for it. The incident is of the same workspace.
const breakGlass = `
create unique index incident_of_workspace on incident (workspace_id, id);
create table break_glass (
  id text primary key, workspace_id text not null references workspace, version_id text not null references model_version,
  environment_id text not null references environment, version_digest text not null, policy_name text not null, policy_digest text not null,
  incident_id text, reason text not null, used_by text not null references identity, at timestamptz not null, expires_at timestamptz not null,
  review_due_at timestamptz not null, reviewed_at timestamptz, reviewed_by text references identity,
  verdict text check (verdict in ('accepted','objected')), review text, overdue_told_at timestamptz,
  foreign key (workspace_id, incident_id) references incident (workspace_id, id), check (expires_at > at),
  check ((reviewed_at is null) = (reviewed_by is null)), check ((reviewed_at is null) = (verdict is null)), check (reviewed_by <> used_by));
create unique index break_glass_unreviewed on break_glass (workspace_id, environment_id) where reviewed_at is null;
create index break_glass_for on break_glass (version_id, environment_id, at desc);
create index break_glass_due on break_glass (review_due_at) where reviewed_at is null;
`

// Policies stored with requests speak the language of CEL from here on; their digests name the files as they were.
const storedPolicies = `
update approval set policy = policy
  || jsonb_build_object('when', case when (policy #>> '{when,protected}') = 'true' then 'environment.protected' else '!environment.protected' end)
  || jsonb_build_object('freeze', '[]'::jsonb, 'breakGlass', null)
  || jsonb_build_object('evidence', coalesce((
       select jsonb_agg(case when jsonb_array_length(coalesce(e -> 'requireMetrics', '[]')) = 0 then jsonb_build_object('kind', e -> 'kind')
         else jsonb_build_object('kind', e -> 'kind', 'require', (
           select string_agg(format('%s in evidence.metrics', to_json(m)), ' && ') from jsonb_array_elements_text(e -> 'requireMetrics') m)) end)
       from jsonb_array_elements(policy -> 'evidence') e), '[]'::jsonb))
where jsonb_typeof(policy -> 'when') = 'object';
`
