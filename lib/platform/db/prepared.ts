import pg from 'pg'

type Query = (text: string, values: readonly unknown[]) => Promise<pg.QueryResult>

/** A statement is prepared from its third use on: what is asked once would only fill the server's memory. */
const usesBefore = 2
/** Each connection keeps the plans of as many statements at most; the same bound for those that are only counted. */
const namesMax = 256
const countedMax = 2_048
const textLengthMax = 10_000
const preparable = /^\s*(select|with|insert|update|delete)\s/i

const names = new Map<string, string>()
const uses = new Map<string, number>()
let lastName = 0

/**
 * Makes a connection send the statements that come again and again by name, so that PostgreSQL parses and plans each of
 * them once a connection (it goes back to a plan for the values at hand where a general one costs more). What is sent
 * with a callback or as an object stays as it is.
 */
export function prepareStatements(client: pg.ClientBase): void {
  const plain = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult>
  const prepared: Query = async (text, values) => {
    const name = nameOf(text)
    if (name === undefined) return plain(text, values)
    try {
      return await plain({ text, values, name })
    } catch (error) {
      if (!isStale(error)) throw error
      // A migration changed a table of it while this process ran. In a transaction the second try fails too, and the
      // transaction is begun again by whoever began it, with the statement prepared anew.
      names.delete(text)
      return await plain(text, values).catch(() => {
        throw error
      })
    }
  }
  const wrapped = (...args: unknown[]) =>
    args.length === 2 && typeof args[0] === 'string' && Array.isArray(args[1])
      ? prepared(args[0], args[1])
      : plain(...args)
  client.query = wrapped as typeof client.query
}

function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined) return known
  if (names.size >= namesMax || text.length > textLengthMax || !preparable.test(text)) return undefined
  const count = (uses.get(text) ?? 0) + 1
  if (count <= usesBefore) {
    if (uses.size >= countedMax) uses.clear()
    uses.set(text, count)
    return undefined
  }
  uses.delete(text)
  lastName += 1
  const name = `qd_${lastName}`
  names.set(text, name)
  return name
}

/** 0A000 with this text: the columns of the result are no longer those that were planned for. */
function isStale(error: unknown): boolean {
  return (
    error instanceof pg.DatabaseError && error.code === '0A000' && /cached plan must not change/.test(error.message)
  )
}
