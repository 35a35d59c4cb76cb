import { createHash } from 'node:crypto'

/** Facts that the simulated model knows, by question: `the capital of France`. */
const facts: Readonly<Record<string, string>> = {
  'the capital of france': 'Paris',
  'the capital of japan': 'Tokyo',
  'the capital of italy': 'Rome',
  'the capital of spain': 'Madrid',
  'the capital of egypt': 'Cairo',
  'the capital of canada': 'Ottawa',
  'the capital of kenya': 'Nairobi',
  'the capital of norway': 'Oslo',
  'the capital of peru': 'Lima',
  'the capital of austria': 'Vienna',
  'the chemical symbol of gold': 'Au',
  'the chemical symbol of iron': 'Fe',
  'the chemical symbol of sodium': 'Na',
  'the chemical symbol of helium': 'He',
  'the chemical symbol of silver': 'Ag',
}

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
}

/**
 * The simulated model's answer to a question that it knows, such as `What is 17 + 25?`; null for any other text, which
 * gets filler. A share of `errorRate` of all questions gets a wrong answer. The question's own text determines whether
 * it is one of them, so they are always the same.
 */
export function knownAnswer(prompt: string, errorRate: number): string | null {
  const [, question = ''] = /what is ([^?\n]+)\?\s*$/i.exec(prompt) ?? []
  const right = facts[question.trim().toLowerCase()] ?? computed(question)
  if (right === null) return null
  return chanceOf(question) < errorRate ? wrong(right) : right
}

function computed(question: string): string | null {
  const [, a = '', sign = '', b = ''] = /^\s*(\d{1,6}) ([-+*]) (\d{1,6})\s*$/.exec(question) ?? []
  const value = operations[sign]?.(Number(a), Number(b))
  return value === undefined ? null : String(value)
}

/** A pseudorandom number in [0, 1) derived from the question. */
function chanceOf(question: string): number {
  return createHash('sha256').update(question.trim().toLowerCase()).digest().readUInt32BE(0) / 2 ** 32
}

const wrong = (right: string) => (/^-?\d+$/.test(right) ? String(Number(right) + 1) : 'unknown')
