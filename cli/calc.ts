import type { Command } from 'commander'
import { once } from 'node:events'
import { jsonDocuments, JsonInputError } from './json-documents.ts'

type Calculate = (input: unknown) => unknown

/** The calculators, each loaded when it is asked for. */
const calculators: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Calculate> }>> = {
  drift: {
    summary: '{"reference":[counts],"current":[counts],"smoothing":"jeffreys"|"none"}: PSI, KL, JS and other figures',
    load: async () => (await import('#lib/drift/calculate.ts')).calculateDrift,
  },
  adjust: {
    summary: '{"p":[…],"method":"bh"|"by"|"bonferroni"}: p values adjusted for multiplicity',
    load: async () => (await import('#lib/drift/calculate.ts')).calculateAdjust,
  },
  verdict: {
    summary: '{"kind":"proportion","stable":{"n","k"},"candidate":{"n","k"},…}: the sequential verdict of a rollout',
    load: async () => (await import('#lib/rollouts/calculate.ts')).calculateVerdict,
  },
}

/** `quarterdeck calc`: the product's own mathematics on standard input and output, for whoever wants to check or borrow it. */
export function declareCalc(program: Command): void {
  const calc = program
    .command('calc')
    .description(
      'the product’s mathematics: JSON (or a document a line) on standard input, an answer a line on standard output',
    )
  for (const [name, { summary, load }] of Object.entries(calculators)) {
    calc
      .command(name)
      .description(summary)
      .action(async () => answer(await load()))
  }
}

/** Answers each document as it arrives. Bad input ends with exit code 2, after the answers to what came before it. */
async function answer(calculate: Calculate): Promise<void> {
  process.stdin.setEncoding('utf8')
  // Whoever reads the answers may stop early (`| head`): that is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    for await (const { value, place } of jsonDocuments(process.stdin)) {
      const line = `${JSON.stringify(answerTo(calculate, value, place))}\n`
      if (!process.stdout.write(line)) await once(process.stdout, 'drain')
    }
  } catch (error) {
    if (!(error instanceof JsonInputError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
}

function answerTo(calculate: Calculate, value: unknown, place: string): unknown {
  try {
    return calculate(value)
  } catch (error) {
    if (error instanceof Error && error.name === 'CalculatorInputError') {
      throw new JsonInputError(`${place}: ${error.message}`, { cause: error })
    }
    throw error
  }
}
