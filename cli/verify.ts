import type { Command } from 'commander'
import type { VerifyFlags } from './run-verify.ts'

/** `quarterdeck verify`: judges an attestation or an evidence pack by keys from elsewhere, without a server or a network. */
export function declareVerify(program: Command): void {
  const many = (value: string, before: string[] = []) => [...before, value]
  program
    .command('verify')
    .description('exit code 0: believed; 1: not, each reason on a line; 2: cannot tell')
    .argument('<file>', 'a DSSE envelope, a Sigstore bundle, an evidence pack (.zip), or a folder that holds one')
    .option('--trust <file>', 'the trust file of the installation, got from its operator by another way')
    .option('--key <pem>', 'a public key instead of a trust file; may be given several times', many)
    .option('--log-key <vkey>', 'the verifier key of the audit log: its text, or a file')
    .option('--resource-uri <uri>', 'what must have been approved, such as models:/fraud/7.0.0?env=production')
    .option('--digest <sha256>', 'the digest that must have been approved')
    .option('--verifier-id <id>', 'who must have decided')
    .option('--level <level>', 'a level that must have been reached; may be given several times', many)
    .option('--demo', 'accepts what local personas did')
    .option('--json', 'the report as JSON')
    .action(async (file: string, flags: VerifyFlags) => {
      const { runVerify } = await import('./run-verify.ts')
      process.exitCode = await runVerify(file, flags)
    })
}
