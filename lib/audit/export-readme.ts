/**
 * The text that lies in an export for people. It is made of nothing but two figures, so a verifier makes it again and
 * compares: nothing in an export may be altered unnoticed, its instructions least of all. `contents` is null where the
 * export was made without them.
 */
export function readmeOf(size: number, contents: number | null): string {
  return readmeWith(size, contents, entriesAndPersons)
}

/** Every text that an export of these figures was ever given: the first ones had no personal part to explain. */
export function readmesOf(size: number, contents: number | null): string[] {
  return [entriesAndPersons, entriesAlone].map((told) => readmeWith(size, contents, told))
}

const entriesAlone =
  '  entries.ndjson   what happened, for the entries of one workspace: content and salt give the digest in the entry'
const entriesAndPersons = `${entriesAlone},
                   person and personSalt give the digest that the content has of who it was`

function readmeWith(size: number, contents: number | null, told: string): string {
  const given = contents === null ? 'without their contents' : `of which it gives the contents of ${contents}`
  return `This folder is an audit log of Quarterdeck: ${size} entries, ${given}.

  checkpoint       the signed head: origin, number of entries, root hash (C2SP signed note, tlog-checkpoint)
  tile/            hashes and entries (C2SP tlog-tiles); an entry holds a salted digest of what happened
${told}
  log.vkey         the log's public key. It proves nothing here: get it from the operator by another way

Check it, without a network and without the installation that made it:

  quarterdeck audit verify FOLDER --vkey "the key that you got by another way"

Give --previous-checkpoint FILE with the checkpoint of an earlier export to see that nothing was rewritten since.
Other programs read the same folder: fsck of github.com/transparency-dev/tessera, golang.org/x/mod/sumdb/tlog.
`
}

/** How many contents a text of `readmeOf` names; undefined where it names none. */
export function contentsNamedIn(text: string): number | undefined {
  const named = /, of which it gives the contents of (\d{1,15})\.\n/.exec(text)?.[1]
  return named === undefined ? undefined : Number(named)
}
