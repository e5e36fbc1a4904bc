/**
 * Bad input to one of the calculators of `quarterdeck calc …`. The command prints the message and exits with 2; anything
 * else that is thrown is a fault of ours. Shared by the domains whose mathematics is offered on the command line.
 */
export class CalculatorInputError extends Error {
  override readonly name = 'CalculatorInputError'
}
