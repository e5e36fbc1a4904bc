import MarkdownIt from 'markdown-it'

/** A heading of a card's body, and how much the card says below it (sections below it included). */
export type CardSection = { title: string; level: number; characters: number }

const sectionsMax = 500
const reader = new MarkdownIt({ html: false }).disable(['linkify', 'image'])

/**
 * The sections of a Markdown body in order. Characters are those of the text: without markup, without white space at
 * the ends, and without what Hugging Face's template leaves to be filled in ("[More Information Needed]").
 */
export function sectionsOf(body: string): CardSection[] {
  const sections: CardSection[] = []
  let heading: number | undefined
  for (const token of reader.parse(withoutComments(body), {})) {
    if (token.type === 'heading_open') heading = Number(token.tag.slice(1))
    else if (token.type === 'heading_close') heading = undefined
    else if (heading !== undefined) {
      if (sections.length < sectionsMax) sections.push({ title: plain(token.content), level: heading, characters: 0 })
    } else if (token.type === 'inline' || token.type === 'fence' || token.type === 'code_block')
      addText(sections, plain(token.content).length)
  }
  return sections
}

// To the section and to those it stands in: a heading whose text is in its subsections says something.
function addText(sections: CardSection[], characters: number): void {
  let level = 7
  for (let i = sections.length - 1; i >= 0; i--) {
    const section = sections[i]
    if (!section || section.level >= level) continue
    section.characters += characters
    level = section.level
  }
}

// The template's instructions are comments; without HTML they would be read as text.
function withoutComments(body: string): string {
  let kept = ''
  let at = 0
  for (let open = body.indexOf('<!--'); open >= 0; open = body.indexOf('<!--', at)) {
    const close = body.indexOf('-->', open + 4)
    if (close < 0) break
    kept += body.slice(at, open)
    at = close + 3
  }
  return kept + body.slice(at)
}

function plain(text: string): string {
  return text
    .replaceAll(/\[\s*(more information needed|todo|tbd)\s*\]/gi, '')
    .replaceAll(/[*_`~#]/g, '')
    .trim()
}
