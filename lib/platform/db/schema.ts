import type { Kysely, Transaction } from 'kysely'
import type { EvidenceTables } from './schema/approvals.ts'
import type { AttestationTables } from './schema/attestations.ts'
import type { AuditTables, CoreTables } from './schema/core.ts'
import type { CardTables, NotificationTables } from './schema/notifications.ts'
import type { ForgeTables } from './schema/forges.ts'
import type { IdentityTables } from './schema/identity.ts'
import type { EndpointTables, ModelTables } from './schema/models.ts'
import type { RegistryTables } from './schema/registries.ts'
import type { RoleTables } from './schema/roles.ts'
import type { DriftTables, ResponseTables, TelemetryTables } from './schema/telemetry.ts'

/** Every table, as the newest migration leaves it. int8 is read as bigint, timestamptz as Date, jsonb parsed. */
export type Database = CoreTables &
  AuditTables &
  IdentityTables &
  ModelTables &
  EndpointTables &
  TelemetryTables &
  DriftTables &
  ResponseTables &
  CardTables &
  NotificationTables &
  RoleTables &
  RegistryTables &
  ForgeTables &
  EvidenceTables &
  AttestationTables

/** A handle that can only select; behind it stands a database role that can do no more. */
export type ReadDb = Pick<
  Kysely<Database>,
  'selectFrom' | 'with' | 'withRecursive' | 'fn' | 'getExecutor' | 'selectNoFrom'
>

/** A transaction in which writes are possible. Only `mutate` and `housekeep` hand one out. */
export type Tx = Transaction<Database>

/** What a query that only reads takes: the read handle, or the caller's transaction for a read that must not race. */
export type Reader = ReadDb | Tx

/** The text of a jsonb column. bigints are written as strings. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))
}
