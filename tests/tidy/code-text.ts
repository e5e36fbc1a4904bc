/**
 * The code of a file with comments and the contents of strings blanked out, lines kept: what is said about `Date.now()` in a
 * comment is not a call of it. Code inside template placeholders stays. Knows the lexical grammar of JavaScript as far as this
 * needs; a regular expression is recognised by what stands before it.
 */
export function codeText(text: string): string {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|\$\{(?:[^{}`]|\{[^{}]*\}|`[^`]*`)*\}|[^`\\])*`|(?<=(?:^|[=(,:;!&|?[{}>]|return|=>)\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g
  return text.replaceAll(token, (found) => (found.startsWith('`') ? placeholders(found) : blank(found)))
}

function placeholders(template: string): string {
  let kept = ''
  let end = 0
  for (const match of template.matchAll(/\$\{((?:[^{}`]|\{[^{}]*\}|`[^`]*`)*)\}/g)) {
    kept += `${blank(template.slice(end, match.index + 2))}${match[1]}`
    end = match.index + match[0].length - 1
  }
  return kept + blank(template.slice(end))
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}
