import { z } from '@hono/zod-openapi'
import { editCard } from '#lib/models/edit-card.ts'
import { EditCardInput } from '#lib/models/model-card.ts'
import { diffCards, listCardRevisions, readCard } from '#lib/models/reads-card.ts'
import { defineRoute, type ApiRoute } from './route.ts'
import { idOf, idParam, instant, pageSchema, paging, person, structure } from './schemas.ts'

const tag = 'Models'
const versionParam = idParam('versionId', 'version')

/** A revision's number in a query. */
const revision = z
  .string()
  .regex(/^\d{1,6}$/, { error: 'must be a whole number; 0 is the card that was registered with the version' })
  .transform(Number)
  .openapi({ type: 'integer', minimum: 0 })

const ref = { versionId: z.string(), revision: z.number().int(), digest: z.string() }
const written = { because: z.string(), createdAt: instant, createdBy: person }
const CardRef = z.object(ref).openapi('CardRef')
const CardRevision = z.object({ ...ref, id: z.string().nullable(), ...written }).openapi('CardRevision')
const Card = z
  .object({
    ...ref,
    versionDigest: z.string().openapi({ description: 'of the artefact that the card describes' }),
    text: z.string().openapi({ description: 'the file, byte for byte' }),
    frontMatter: structure('the YAML front matter; null when it cannot be read').nullable(),
    body: z.string().openapi({ description: 'the Markdown below the front matter' }),
    complete: z.boolean(),
    missing: z.array(z.string()),
    checks: z.array(z.object({ name: z.string(), title: z.string(), ok: z.boolean(), because: z.string() })),
    policy: z.object({ name: z.string(), digest: z.string() }),
    ...written,
  })
  .openapi('Card')
const CardDiff = z
  .object({
    before: CardRef,
    after: CardRef,
    fields: z.array(z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() })),
    lines: z.array(
      z.object({
        kind: z.enum(['same', 'removed', 'added']),
        text: z.string(),
        before: z.number().int().nullable(),
        after: z.number().int().nullable(),
      }),
    ),
  })
  .openapi('CardDiff')

export const cardRoutes: readonly ApiRoute[] = [
  defineRoute({
    method: 'get',
    path: '/versions/{versionId}/card',
    operationId: 'readCard',
    summary: 'The model card of a version, with what the card policy finds in it',
    tag,
    action: 'model:read',
    params: versionParam,
    query: z.strictObject({ revision: revision.optional() }),
    status: 200,
    response: Card,
    run: (ctx, { params, query }) => readCard(ctx, { ...params, ...query }),
  }),
  defineRoute({
    method: 'get',
    path: '/versions/{versionId}/cards',
    operationId: 'listCardRevisions',
    summary: 'The revisions of a model card, newest first',
    description: 'Revision 0 was registered with the version.',
    tag,
    action: 'model:read',
    params: versionParam,
    query: z.strictObject(paging),
    status: 200,
    response: pageSchema(CardRevision),
    run: (ctx, { params, query }) => listCardRevisions(ctx, { ...params, ...query }),
  }),
  defineRoute({
    method: 'post',
    path: '/versions/{versionId}/cards',
    operationId: 'editCard',
    summary: 'Import or edit a model card',
    description:
      'The whole text of a Hugging Face card. What was approved with the card before has to be asked for again.',
    tag,
    action: 'card:edit',
    params: versionParam,
    body: EditCardInput.omit({ versionId: true }),
    // 256 KiB of text, each character escaped.
    bodyBytesMax: 2 * 1_048_576,
    status: 201,
    response: CardRevision,
    run: (ctx, { params, body }) => editCard(ctx, { ...params, ...body }),
  }),
  defineRoute({
    method: 'get',
    path: '/versions/{versionId}/card-diff',
    operationId: 'diffCards',
    summary: 'What differs between a card and an earlier revision, or the card of another version',
    tag,
    action: 'model:read',
    params: versionParam,
    query: z.strictObject({
      revision: revision.optional(),
      beforeVersionId: idOf('version').optional(),
      beforeRevision: revision.optional(),
    }),
    status: 200,
    response: CardDiff,
    run: (ctx, { params, query }) =>
      diffCards(ctx, {
        before: { versionId: query.beforeVersionId ?? params.versionId, revision: query.beforeRevision },
        after: { versionId: params.versionId, revision: query.revision },
      }),
  }),
]
