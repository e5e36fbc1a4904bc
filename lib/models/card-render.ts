import MarkdownIt from 'markdown-it'

/** What is put into a link: somewhere else is opened apart, tells us nothing and gets no credit from search engines. */
const linkRel = 'noopener noreferrer nofollow ugc'

const renderer = makeRenderer()

/**
 * A card's Markdown as HTML that can stand in a page of ours whoever wrote it: no HTML of theirs, links only to http,
 * https and mail addresses, no pictures (a picture's address would be told who reads the card, and when), headings below
 * the page's own, and marks that turn the direction of text shown instead of obeyed (Unicode TR 36 §2.6, CVE-2021-42574).
 */
export function renderCard(body: string): string {
  return renderer.render(showHidden(body))
}

/** Characters that reorder or hide what follows them, by their code points. Text in Arabic or Hebrew needs none of them. */
export function showHidden(text: string): string {
  return text.replaceAll(
    /[\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]/gu,
    (mark) => `⟦U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`,
  )
}

function makeRenderer() {
  const md = new MarkdownIt({ html: false, linkify: false, typographer: false, maxNesting: 40 })
  md.validateLink = isLink
  const { rules } = md.renderer
  rules['link_open'] = (tokens, index, options, _, self) => {
    tokens[index]?.attrSet('rel', linkRel)
    tokens[index]?.attrSet('target', '_blank')
    return self.renderToken(tokens, index, options)
  }
  rules['image'] = (tokens, index) => {
    const token = tokens[index]
    const source = String(token?.attrGet('src') ?? '')
    const { escapeHtml } = md.utils
    const words = token?.content ? `picture: ${escapeHtml(token.content)}` : 'picture'
    return `<span class="card-picture">[${words}, not loaded from ${escapeHtml(hostOf(source))}]</span>`
  }
  for (const rule of ['heading_open', 'heading_close'] as const) {
    rules[rule] = (tokens, index, options, _, self) => {
      const token = tokens[index]
      // The page has its h1 and the panel its h2.
      if (token) token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 2)}`
      if (rule === 'heading_open') token?.attrSet('dir', 'auto')
      return self.renderToken(tokens, index, options)
    }
  }
  for (const rule of ['paragraph_open', 'list_item_open', 'blockquote_open', 'td_open', 'th_open']) {
    rules[rule] = (tokens, index, options, _, self) => {
      tokens[index]?.attrSet('dir', 'auto')
      return self.renderToken(tokens, index, options)
    }
  }
  return md
}

function isLink(address: string): boolean {
  if (!URL.canParse(address)) return false
  return ['http:', 'https:', 'mailto:'].includes(new URL(address).protocol)
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host || 'there' : 'there'
}
