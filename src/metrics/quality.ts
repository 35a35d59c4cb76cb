import type { RequestErrors } from './request-errors.ts'
import { type Bounds, wilsonInterval } from './statistics/wilson.ts'

/** Result of each question in file order: `+` correct, `-` wrong, `?` unanswered because its request failed. */
export type Outcomes = string

/** Questions that a deployment answered after a measurement, at the load of that point. */
export interface AskedQuestions {
  /** Name of the question file. */
  readonly file: string
  /** SHA-256 of the questions with their answers. Checks with the same hash asked the same questions. */
  readonly sha256: string
  /** SHA-256 of the way they were asked: API, instruction, maximum tokens, additional fields. */
  readonly askedAs: string
  readonly outcomes: Outcomes
  /** Answers that ended at the maximum tokens. They are graded as they are. */
  readonly truncated: number
  /** Why requests failed. */
  readonly errors: readonly RequestErrors[]
  /** File with one answer per line, relative to the run folder. */
  readonly answersFile: string
}

/** The main metric of a task of lm-evaluation-harness. */
export interface LmEvalTask {
  readonly task: string
  /** Name in its results: `acc`, `exact_match`, … */
  readonly metric: string
  readonly filter: string
  /** Share, 0–1. */
  readonly value: number
  /** Null if the results have none. */
  readonly stderr: number | null
  /** Number of evaluated documents. */
  readonly samples: number
}

/** Results of lm-evaluation-harness. */
export interface LmEvalResults {
  /** Version stated in its results; null if they state none. */
  readonly version: string | null
  readonly tasks: readonly LmEvalTask[]
  /** Its results, relative to the run folder. */
  readonly resultsFile: string
}

/** Quality check in addition to the figures of a point. */
export interface Quality {
  /** Requests in flight during the check. */
  readonly concurrency: number
  /** Maximum share of unanswered questions at which the accuracy counts, 0–1. */
  readonly unansweredLimit: number
  readonly questions?: AskedQuestions
  readonly lmEval?: LmEvalResults
}

/** Correct answers divided by all answers. */
export interface Accuracy {
  readonly right: number
  /** Correct and wrong answers; failed requests are in neither. */
  readonly answered: number
  readonly unanswered: number
  /** 0–1. */
  readonly share: number
  /** Wilson's 95% interval. */
  readonly interval: Bounds
}

/** Numbers of correct, wrong and unanswered questions. */
export function countsOf(outcomes: Outcomes): {
  readonly right: number
  readonly wrong: number
  readonly unanswered: number
} {
  let [right, wrong, unanswered] = [0, 0, 0]
  for (const one of outcomes) {
    if (one === '+') right++
    else if (one === '-') wrong++
    else unanswered++
  }
  return { right, wrong, unanswered }
}

/**
 * Accuracy according to a check: of its questions or, without any, over the samples of all its lm-eval tasks. Null if
 * no question was answered, or too few to represent the rest. Otherwise, a build that fails on the hard questions would
 * look better.
 */
export function accuracyOf(quality: Quality | undefined): Accuracy | null {
  if (quality === undefined) return null
  const { right, answered, unanswered } = answersOf(quality)
  if (answered === 0 || unanswered > quality.unansweredLimit * (answered + unanswered)) return null
  return { right, answered, unanswered, share: right / answered, interval: wilsonInterval(right, answered) }
}

/** Correct answers, all answers, and unanswered questions; for lm-eval, the samples of all its tasks. */
export function answersOf({ questions, lmEval }: Quality): Pick<Accuracy, 'right' | 'answered' | 'unanswered'> {
  if (questions !== undefined) {
    const { right, wrong, unanswered } = countsOf(questions.outcomes)
    return { right, answered: right + wrong, unanswered }
  }
  const tasks = lmEval?.tasks ?? []
  return {
    right: tasks.reduce((sum, { value, samples }) => sum + Math.round(value * samples), 0),
    answered: tasks.reduce((sum, { samples }) => sum + samples, 0),
    unanswered: 0,
  }
}
