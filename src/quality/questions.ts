import { createHash } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson, counted } from '../model/index.ts'

/** A message before the answer. */
export interface Turn {
  readonly role: string
  readonly content: string
}

/** A question and its right answer. */
export interface Question {
  /** The id from the file, otherwise `line N`. */
  readonly id: string
  readonly turns: readonly Turn[]
  readonly right: RightAnswer
}

/** One of these texts, or any text in which the expression is found. */
export type RightAnswer =
  | { readonly kind: 'exact'; readonly answers: readonly string[]; readonly ignoreCase: boolean }
  | { readonly kind: 'pattern'; readonly pattern: string; readonly ignoreCase: boolean }

/** A line that is not a valid question. */
export interface QuestionProblem {
  /** From 1. */
  readonly line: number
  readonly wrong: string
  readonly right: string
}

/** Enough for the benchmarks in use; MMLU has 14,042. */
const mostQuestions = 50_000

const text = z.string().refine(value => value.trim() !== '', 'is empty')
const rowSchema = z
  .strictObject({
    id: z.union([text, z.number()]).optional(),
    question: text.optional(),
    messages: z
      .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: text }))
      .min(1)
      .optional(),
    answer: z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)]).optional(),
    pattern: text.optional(),
    ignore_case: z.boolean().optional(),
  })
  .refine(row => (row.question === undefined) !== (row.messages === undefined), 'must have either question or messages')
  .refine(row => (row.answer === undefined) !== (row.pattern === undefined), 'must have either answer or pattern')
  .refine(
    row => row.pattern === undefined || isExpression(row.pattern),
    'has a pattern that is not a regular expression',
  )
  .refine(
    row => row.messages === undefined || row.messages.at(-1)?.role === 'user',
    'has messages that do not end with one from the user',
  )

const example = '{"question": "What is 17 + 25?", "answer": "42"} or {"question": "…", "pattern": "\\\\b42\\\\b"}'

/**
 * Reads a file of questions: JSON lines with `question` or `messages`, and `answer` or `pattern`. Skips empty lines.
 * Reports every problem with its line.
 */
export function readQuestions(content: string): {
  readonly questions: readonly Question[]
  readonly problems: readonly QuestionProblem[]
} {
  const questions: Question[] = []
  const problems: QuestionProblem[] = []
  const lines = new Map<string, number>()
  for (const [index, lineText] of content
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = index + 1
    if (lineText.trim() === '') continue
    const read = readRow(lineText, line)
    if ('wrong' in read) {
      problems.push({ line, wrong: read.wrong, right: `write one question per line, such as ${example}` })
      continue
    }
    const first = lines.get(read.id)
    if (first === undefined) lines.set(read.id, line)
    else
      problems.push({
        line,
        wrong: `the id ${JSON.stringify(read.id)} is already on line ${first}`,
        right: 'give each question its own id, or none',
      })
    questions.push(read)
  }
  if (questions.length === 0 && problems.length === 0)
    problems.push({
      line: 1,
      wrong: 'the file has no questions',
      right: `write one question per line, such as ${example}`,
    })
  if (questions.length > mostQuestions)
    problems.push({
      line: 1,
      wrong: `the file has ${counted(questions.length, 'question')}`,
      right: `use at most ${mostQuestions}`,
    })
  return { questions, problems }
}

function readRow(lineText: string, line: number): Question | { readonly wrong: string } {
  let value: unknown
  try {
    value = JSON.parse(lineText)
  } catch {
    return { wrong: 'the line is not JSON' }
  }
  const parsed = rowSchema.safeParse(value)
  if (!parsed.success) return { wrong: wrongIn(parsed.error) }
  const { id, question, messages, answer, pattern, ignore_case: ignoreCase = false } = parsed.data
  const answers = [answer ?? []].flat().map(String)
  return {
    id: id === undefined ? `line ${line}` : String(id),
    turns: messages ?? [{ role: 'user', content: question ?? '' }],
    right: pattern === undefined ? { kind: 'exact', answers, ignoreCase } : { kind: 'pattern', pattern, ignoreCase },
  }
}

function wrongIn(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'the line is not a question'
  if (issue.code === 'unrecognized_keys')
    return `the question has the unknown field ${issue.keys.map(key => `'${key}'`).join(', ')}`
  const path = issue.path.join('.')
  return path === ''
    ? `the question ${issue.code === 'custom' ? issue.message : 'is not a JSON object'}`
    : `${path}: ${issue.message}`
}

function isExpression(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u')
    return true
  } catch {
    return false
  }
}

/** SHA-256 of the questions and right answers: equal for two files with the same questions in the same order. */
export function questionsSha256(questions: readonly Question[]): string {
  const asked = questions.map(({ turns, right }) => ({ turns, right }))
  return createHash('sha256').update(canonicalJson(asked)).digest('hex')
}
