import { findInLines, type Finding, type SourceFile } from './repository.ts'

// Written so that this file does not contain what it looks for.
const unfinished = /\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/
const registryHost =
  /registry\.(?:npmjs|yarnpkg)\.|npmmirror\.com|unpkg\.com|files\.pythonhosted\.|pypi\.org\/simple|proxy\.golang\.|repo1?\.maven\./
const machinePath = /(?<![\w.])\/(?:work|root)\/|(?<![\w.])\/(?:home|Users)\/\w+\//
const outsideFolder = /(?<![\w@-])shared\//

/** Words of unfinished work. */
export function unfinishedWork(file: SourceFile): readonly Finding[] {
  if (file.path === 'package-lock.json') return []
  return findInLines(file, (line) => (unfinished.test(line) ? 'is unfinished; finish it or write an issue' : undefined))
}

/** What ties the repository to the machine or the network on which it was written. */
export function foreignPlaces(file: SourceFile): readonly Finding[] {
  return findInLines(file, (line) => {
    if (registryHost.test(line)) return "names a registry's host; each user has their own"
    if (machinePath.test(line)) return 'names a path of one machine'
    return outsideFolder.test(line) ? 'refers to a folder outside the repository' : undefined
  })
}
