import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Answered } from './ask.ts'

const rowSchema = z.object({
  question: z.int().nonnegative(),
  outcome: z.enum(['+', '-', '?']),
  answer: z.string().nullable(),
  truncated: z.boolean(),
  error: z
    .object({
      kind: z.enum(['connect', 'timeout', 'http-status', 'bad-response']),
      message: z.string(),
    })
    .nullable(),
})

/** Answers of a check, recorded as they arrive. A check that was killed resumes from them. */
export interface AnswersFile extends AsyncDisposable {
  /** By index of the question. */
  readonly known: ReadonlyMap<number, Answered>
  /** Resolves once the answer is on disk. */
  add(answered: Answered, id: string): Promise<void>
}

/**
 * Opens the file of a check, with the answers of an earlier attempt. If a kill cut a line short, the line is dropped
 * and its question is asked again.
 * @param redact removes secrets from a server's text
 */
export async function openAnswers(file: string, redact: (text: string) => string): Promise<AnswersFile> {
  await mkdir(dirname(file), { recursive: true })
  const before = await readFile(file, 'utf8').catch(() => '')
  const whole = before.slice(0, before.lastIndexOf('\n') + 1)
  const handle = await open(file, 'a')
  if (whole.length < before.length) await handle.truncate(Buffer.byteLength(whole))
  const known = new Map(readAll(whole).map(answered => [answered.question, answered]))
  let written: Promise<void> = Promise.resolve()
  /** Writes one line at a time, because lines of one file must not mix. */
  const append = (line: string): Promise<void> => {
    written = written.then(async () => {
      await handle.appendFile(line)
      await handle.datasync()
    })
    return written
  }
  return {
    known,
    async add(answered, id) {
      const { answer, error } = answered
      const clean = {
        ...answered,
        answer: answer === null ? null : redact(answer),
        error: error === null ? null : { ...error, message: redact(error.message) },
      }
      known.set(answered.question, clean)
      await append(`${JSON.stringify({ ...clean, id })}\n`)
    },
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

function readAll(text: string): readonly Answered[] {
  return text.split('\n').flatMap(line => {
    if (line === '') return []
    try {
      const { data } = rowSchema.safeParse(JSON.parse(line))
      return data === undefined ? [] : [data]
    } catch {
      return []
    }
  })
}
