import type { ErrorKind } from '../metrics/measurement.ts'
import { bearer, type Endpoint } from '../model/index.ts'
import { isRight } from './grade.ts'
import type { Question } from './questions.ts'
import { type Putting, questionBody, questionUrl, readAnswer } from './request.ts'

/** Outcome of one question. */
export interface Answered {
  /** Index of the question in the file, from 0. */
  readonly question: number
  readonly outcome: '+' | '-' | '?'
  /** Null if the request failed. */
  readonly answer: string | null
  readonly truncated: boolean
  readonly error: { readonly kind: ErrorKind; readonly message: string } | null
}

/** How to ask questions of an endpoint. */
export interface Asking {
  readonly endpoint: Endpoint
  readonly putting: Putting
  /** Requests in flight. */
  readonly concurrency: number
  /** Deadline of one request, ms. */
  readonly timeoutMs: number
  readonly apiKey: string | undefined
  readonly signal: AbortSignal
  /** Indices of questions that were answered before; they are not asked again. */
  readonly known: ReadonlySet<number>
  /** Receives each answer as it arrives. */
  onAnswer(answered: Answered): Promise<void> | void
}

/**
 * Asks each question once, in the order of the file, with as many requests in flight as the point had. Slots without a
 * question repeat earlier ones until the last answer arrives, so that no question meets an idle server. Repeated
 * answers do not count.
 * @throws the signal's reason; whatever `onAnswer` throws
 */
export async function askQuestions(questions: readonly Question[], asking: Asking): Promise<void> {
  const { signal, concurrency, known } = asking
  const left = questions.flatMap((question, place) => (known.has(place) ? [] : [{ question, place }]))
  if (left.length === 0) return
  const over = new AbortController()
  const filling = AbortSignal.any([signal, over.signal])
  let next = 0
  let open = left.length
  const slot = async (index: number): Promise<void> => {
    for (;;) {
      signal.throwIfAborted()
      const asked = left[next++]
      if (asked === undefined) break
      const answered = await askOne(asked.question, asked.place, asking, signal)
      signal.throwIfAborted()
      await asking.onAnswer(answered)
      open--
    }
    for (let repeat = index; open > 0 && !filling.aborted; repeat++) {
      const again = questions[repeat % questions.length]
      if (again === undefined) break
      const { error } = await askOne(again, repeat, asking, filling)
      // Thousands of repeats would go to a server that rejects requests at once.
      if (error !== null) break
    }
    if (open === 0) over.abort()
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, (_, index) => slot(index))).catch(error => {
    over.abort()
    throw error
  })
  signal.throwIfAborted()
}

async function askOne(question: Question, place: number, asking: Asking, signal: AbortSignal): Promise<Answered> {
  const { endpoint, putting, apiKey, timeoutMs } = asking
  const failed = (kind: ErrorKind, message: string): Answered => ({
    question: place,
    outcome: '?',
    answer: null,
    truncated: false,
    error: { kind, message: message.slice(0, 500) },
  })
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(questionUrl(endpoint, putting.api), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'fulcrum',
        ...bearer(apiKey),
      },
      body: questionBody(question.turns, putting),
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
    })
    const body = await response.text()
    if (!response.ok) return failed('http-status', `HTTP ${response.status}: ${body}`)
    const said = readAnswer(body, putting.api)
    if (said === null) return failed('bad-response', `the response is not an answer of the ${putting.api} API: ${body}`)
    const outcome = isRight(said.text, question) ? '+' : '-'
    return { question: place, outcome, answer: said.text, truncated: said.truncated, error: null }
  } catch (error) {
    if (deadline.aborted) return failed('timeout', `no answer within ${timeoutMs / 1000} s`)
    return failed('connect', reasonOf(error))
  }
}

/** The reason behind fetch's own `fetch failed`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
