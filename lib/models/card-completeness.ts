import type { CardFrontMatter, ParsedCard } from './card-format.ts'
import { sectionsOf, type CardSection } from './card-sections.ts'
import type { CardPolicy, CardRequirement } from './policy-card.ts'
import type { ModelView } from './model.ts'

/** What was asked of the card, whether it says so, and where; when not, what would do. */
export type CardCheck = { name: string; title: string; ok: boolean; because: string }

/** Does the card say what the policy asks of a model of that risk? Every requirement is answered, in the policy's order. */
export function checkCard(card: ParsedCard, policy: CardPolicy, risk: ModelView['risk']): CardCheck[] {
  const sections = sectionsOf(card.body)
  return policy.require
    .filter((r) => r.risks.includes(risk))
    .map((r) => checkRequirement(r, card.frontMatter, sections))
}

function checkRequirement(
  requirement: CardRequirement,
  frontMatter: CardFrontMatter,
  sections: readonly CardSection[],
): CardCheck {
  const { name, title, fields, charactersMin } = requirement
  const field = fields.find((path) => saysSomething(valueAt(frontMatter, path)))
  if (field !== undefined) return { name, title, ok: true, because: `the field ${field} says it` }
  const wanted = new Set(requirement.sections.map(comparable))
  const present = sections.filter((section) => wanted.has(comparable(section.title)))
  const enough = present.find((section) => section.characters >= charactersMin)
  if (enough) return { name, title, ok: true, because: `the section "${enough.title}" says it` }
  const [thin] = present
  if (thin) {
    const because = `the section "${thin.title}" has ${thin.characters} characters of text; ${charactersMin} are asked for`
    return { name, title, ok: false, because }
  }
  return { name, title, ok: false, because: `there is ${absent(requirement)}` }
}

function absent({ fields, sections }: CardRequirement): string {
  const [field] = fields
  const [section] = sections
  const parts = [section && `no section "${section}"`, field && `no field ${field}`].filter(Boolean)
  return parts.join(' and ')
}

function valueAt(frontMatter: CardFrontMatter, path: string): unknown {
  let value: unknown = frontMatter
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

const unsaid = new Set(['', 'more information needed', 'unknown', 'tbd'])

function saysSomething(value: unknown): boolean {
  if (typeof value === 'string') return !unsaid.has(value.replaceAll(/[[\]]/g, '').trim().toLowerCase())
  if (Array.isArray(value)) return value.some(saysSomething)
  if (typeof value === 'object' && value !== null) return Object.values(value).some(saysSomething)
  return value !== null && value !== undefined
}

/** "3. Intended Uses:" and "Intended uses" are one heading. */
function comparable(title: string): string {
  return title
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^[\d ]+/, '')
}
