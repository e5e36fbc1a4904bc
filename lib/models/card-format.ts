import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  Lexer,
  parseDocument,
  Parser,
  visit,
  type Document,
} from 'yaml'
import { z } from 'zod'
import { problem, type QuarterdeckError } from '#lib/platform/errors.ts'

/** A card may have 256 KiB, its front matter 64 KiB: what Hugging Face's own cards stay well below. */
export const cardBytesMax = 262_144
const frontMatterBytesMax = 65_536
const depthMax = 24
const nodesMax = 10_000

const textual = z.string().max(20_000)
const oneOrMany = z.union([textual, z.array(textual).max(2_000)])
const named = z.looseObject({ name: textual.optional(), type: textual.optional() })
const figure = z.looseObject({ type: textual, value: z.unknown(), name: textual.optional() })
const result = z.looseObject({
  task: named.optional(),
  dataset: named.optional(),
  metrics: z.array(figure).max(500).optional(),
})
const group = z.looseObject({})

/**
 * The keys of a Hugging Face model card (huggingface.co/docs/hub/model-cards, "Model card metadata") and the groups of
 * SageMaker's model cards. Keys that are not listed here are kept as they are: the format grows.
 */
export const CardFrontMatter = z.looseObject({
  language: oneOrMany.nullish(),
  license: oneOrMany.nullish(),
  license_name: textual.nullish(),
  license_link: textual.nullish(),
  library_name: textual.nullish(),
  tags: oneOrMany.nullish(),
  datasets: oneOrMany.nullish(),
  metrics: oneOrMany.nullish(),
  base_model: oneOrMany.nullish(),
  pipeline_tag: textual.nullish(),
  'model-index': z
    .array(z.looseObject({ name: textual, results: z.array(result).max(500) }))
    .max(100)
    .nullish(),
  business_details: group.nullish(),
  intended_uses: z.looseObject({ risk_rating: z.enum(['High', 'Medium', 'Low', 'Unknown']).nullish() }).nullish(),
  evaluation_details: z.union([group, z.array(group).max(500)]).nullish(),
  additional_information: group.nullish(),
  model_overview: group.nullish(),
  training_details: group.nullish(),
})
export type CardFrontMatter = z.output<typeof CardFrontMatter>

export type ParsedCard = {
  frontMatter: CardFrontMatter
  /** The Markdown below the front matter, as it stands in the file. */
  body: string
}

/**
 * Takes a card apart: YAML front matter between two lines of `---`, then Markdown. A card without front matter is all
 * body. The text itself is what is kept and exported, byte for byte; this is only how it is read.
 * @throws `invalid` that names the place: not UTF-8 text that can be kept, too large, YAML that is broken, nested too
 * deeply, has anchors, tags of its own, repeated or forbidden keys, or a known key of another type
 */
export function parseCard(text: string): ParsedCard {
  if (text.includes('\0') || !text.isWellFormed())
    throw refused('has U+0000 or an unpaired surrogate, which cannot be kept')
  const bytes = Buffer.byteLength(text)
  if (bytes > cardBytesMax) throw refused(`has ${bytes} bytes; a card has at most ${cardBytesMax}`)
  const { yaml, body } = splitCard(text)
  if (yaml === undefined) return { frontMatter: {}, body }
  if (Buffer.byteLength(yaml) > frontMatterBytesMax)
    throw refused(`has front matter of more than ${frontMatterBytesMax} bytes`)
  const parsed = CardFrontMatter.safeParse(readYaml(yaml))
  if (parsed.success) return { frontMatter: parsed.data, body }
  const errors = parsed.error.issues
    .slice(0, 20)
    .map((issue) => ({ path: `text.${issue.path.join('.')}`, message: issue.message }))
  throw problem(
    'invalid',
    `The card's front matter: ${errors.map((e) => `${e.path.slice(5)} ${e.message}`).join('; ')}`,
    {
      errors,
    },
  )
}

/** Front matter and body; a byte-order mark and either kind of line end are taken as they come. */
function splitCard(text: string): { yaml: string | undefined; body: string } {
  const opening = /^\uFEFF?---[ \t]*\r?\n/.exec(text)
  if (!opening) return { yaml: undefined, body: text }
  const rest = text.slice(opening[0].length)
  const closing = /^---[ \t]*(?:\r?\n|$)/m.exec(rest)
  if (!closing) throw refused('has front matter that does not end: a line of --- is missing')
  return { yaml: rest.slice(0, closing.index), body: rest.slice(closing.index + closing[0].length) }
}

function readYaml(yaml: string): unknown {
  refuseDeepNesting(yaml)
  const document = parseDocument(yaml, { schema: 'core', uniqueKeys: true, merge: false, strict: true })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault) throw refused(`has front matter that is not YAML that is read here: ${fault.message.split('\n')[0]}`)
  refuseForeign(document)
  const value: unknown = document.toJS({ maxAliasCount: 0 })
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw refused('has front matter that is not keys with values')
  return value
}

// The composer that follows is recursive; the parser keeps a stack of its own, whose height is the depth.
function refuseDeepNesting(yaml: string): void {
  const parser = new Parser()
  for (const token of new Lexer().lex(yaml)) {
    for (const _ of parser.next(token));
    // Each level of a block is two tokens on the stack: the map and the scalar or the sequence that is its value.
    if (parser.stack.length > 2 * depthMax)
      throw refused(`has front matter that is nested more than ${depthMax} levels deep`)
  }
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

// No anchors: twenty lines of them make a thousand million values. No tags: they ask a reader to make other things.
function refuseForeign(document: Document.Parsed): void {
  let nodes = 0
  visit(document, {
    Pair(_, pair) {
      if (!isScalar(pair.key) || typeof pair.key.value === 'object')
        throw refused('has front matter with a key that is not plain text')
      const key = typeof pair.key.value === 'string' ? pair.key.value : JSON.stringify(pair.key.value)
      if (forbiddenKeys.has(key)) throw refused(`has front matter with the key ${key}, which is not taken`)
    },
    Node(_, node, path) {
      nodes += 1
      if (nodes > nodesMax) throw refused(`has front matter of more than ${nodesMax} values`)
      if (path.length > 2 * depthMax) throw refused(`has front matter that is nested more than ${depthMax} levels deep`)
      if (isAlias(node))
        throw refused('has front matter with an alias (*name), which is not taken: write the value out')
      if ('anchor' in node && node.anchor) throw refused('has front matter with an anchor (&name), which is not taken')
      if (node.tag !== undefined && !isPlainTag(node.tag, node))
        throw refused(`has front matter with the tag ${node.tag}, which is not taken`)
    },
  })
}

function isPlainTag(tag: string, node: unknown): boolean {
  if (!isNode(node)) return false
  if (isMap(node)) return tag === 'tag:yaml.org,2002:map'
  if (isCollection(node)) return tag === 'tag:yaml.org,2002:seq'
  return ['str', 'null', 'bool', 'int', 'float'].some((each) => tag === `tag:yaml.org,2002:${each}`)
}

function refused(message: string): QuarterdeckError {
  return problem('invalid', `This card is not taken: it ${message}.`, { errors: [{ path: 'text', message }] })
}
