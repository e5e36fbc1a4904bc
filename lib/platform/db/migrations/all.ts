import type { Migration } from '../migrate.ts'
import { core } from './0001_core.ts'
import { models } from './0002_models.ts'
import { endpoints } from './0003_endpoints.ts'
import { telemetry } from './0004_telemetry.ts'
import { response } from './0005_response.ts'
import { identity } from './0006_identity.ts'
import { roles } from './0007_roles.ts'
import { audit } from './0010_audit.ts'
import { approvals } from './0008_approvals.ts'
import { attestations } from './0009_attestations.ts'
import { registries } from './0013_registries.ts'
import { forges } from './0014_forges.ts'
import { cardsNotifications } from './0011_cards_notifications.ts'
import { rollups } from './0012_rollups.ts'

/** Every migration in order. An applied one is never edited: its checksum is kept in the database. */
export const migrations: readonly Migration[] = [
  core,
  models,
  endpoints,
  telemetry,
  response,
  identity,
  roles,
  approvals,
  attestations,
  audit,
  cardsNotifications,
  rollups,
  registries,
  forges,
]
