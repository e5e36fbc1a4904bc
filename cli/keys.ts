import type { Command } from 'commander'

/** `quarterdeck keys`: the keys of a trust file for tools that read PEM, such as `verify.sh` and OpenSSL. */
export function declareKeys(program: Command): void {
  program
    .command('keys')
    .description('writes the keys of a trust file as PEM files, for verify.sh and openssl; needs no server')
    .argument('<trust>', 'the trust file, got from the operator by another way')
    .requiredOption('--out <folder>', 'a new folder')
    .option('--demo', 'the keys of local personas too')
    .action(async (trust: string, flags: { out: string; demo?: boolean }) => {
      const { writeKeys } = await import('./run-keys.ts')
      await writeKeys(trust, flags)
    })
}
