import type { Command } from 'commander'

/** `quarterdeck calc`: the product's own mathematics on standard input and output, for whoever wants to check or borrow it. */
export function declareCalc(program: Command): void {
  program.command('calc').description('the product’s mathematics: JSON on standard input, JSON on standard output')
}
