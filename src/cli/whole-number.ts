import { InvalidArgumentError } from 'commander'

/**
 * Returns a parser for a flag that takes a whole number. Accepts only digits: `Number` would also accept `''`, `1e999`
 * and `0x10`.
 * @throws InvalidArgumentError for any other text, which ends the command with exit code 2
 */
export function wholeNumber({ from = 1, to = Number.MAX_SAFE_INTEGER } = {}): (text: string) => number {
  return text => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= from && number <= to) return number
    const range = to === Number.MAX_SAFE_INTEGER ? `of at least ${from}` : `from ${from} to ${to}`
    throw new InvalidArgumentError(`Use a whole number ${range}.`)
  }
}
