/** Input that is not JSON, or too much of it; the message says where. */
export class JsonInputError extends Error {
  override readonly name = 'JsonInputError'
}

/** One document of the input, and where it was for a message: `line 3`, or `input` for the only one. */
export type JsonDocument = { readonly value: unknown; readonly place: string }

const charsMax = 16 * 1024 * 1024

/**
 * Reads JSON lines (RFC 8259 documents, one a line, blank lines skipped) as they arrive, or one document over many lines:
 * which of the two it is shows in the first line, which is a whole document or is not. A document may have 16 Mi characters.
 * @throws JsonInputError for anything else, also for no document at all
 */
export async function* jsonDocuments(input: AsyncIterable<string>): AsyncGenerator<JsonDocument> {
  let lineNumber = 0
  let found = 0
  const whole: string[] = []
  let wholeChars = 0
  for await (const line of linesOf(input)) {
    lineNumber += 1
    if (whole.length === 0 && line.trim() === '') continue
    const value = whole.length === 0 ? parsed(line) : undefined
    if (value !== undefined) {
      found += 1
      yield { value: value.json, place: `line ${lineNumber}` }
      continue
    }
    if (found > 0) throw new JsonInputError(`line ${lineNumber}: not JSON`)
    whole.push(line)
    wholeChars += line.length + 1
    if (wholeChars > charsMax) throw tooLong('input')
  }
  if (whole.length > 0) yield { value: parse(whole.join('\n'), 'input'), place: 'input' }
  else if (found === 0) throw new JsonInputError('input: nothing was given; write JSON to standard input')
}

async function* linesOf(input: AsyncIterable<string>): AsyncGenerator<string> {
  let pieces: string[] = []
  let chars = 0
  for await (const chunk of input) {
    let from = 0
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      yield `${pieces.join('')}${chunk.slice(from, end)}`
      pieces = []
      chars = 0
      from = end + 1
    }
    pieces.push(chunk.slice(from))
    chars += chunk.length - from
    if (chars > charsMax) throw tooLong('line')
  }
  if (chars > 0) yield pieces.join('')
}

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new JsonInputError(`${place}: not JSON: ${error.message}`, { cause: error })
    throw error
  }
}

function tooLong(place: string): JsonInputError {
  return new JsonInputError(
    `${place}: a document may have ${charsMax} characters; give large sets as one document per line`,
  )
}
