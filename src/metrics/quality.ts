import type { RequestErrors } from './request-errors.ts'
import { type Bounds, wilsonInterval } from './statistics/proportions.ts'

/**
 * What became of each question, in the order of the file: `+` right, `-` wrong, `?` unanswered because its request
 * failed.
 */
export type Outcomes = string

/** Questions that were asked of a deployment after a measurement, at the load of that point. */
export interface AskedQuestions {
  /** Name of the question file. */
  readonly file: string
  /** SHA-256 of the questions with their answers: two checks with the same one asked the same questions. */
  readonly sha256: string
  /** SHA-256 of how they were asked: API, instruction, most tokens, further fields. */
  readonly askedAs: string
  readonly outcomes: Outcomes
  /** Answers that ended at the most tokens; they are graded as they are. */
  readonly truncated: number
  /** Why requests failed. */
  readonly errors: readonly RequestErrors[]
  /** Answers, one a line; relative to the run folder. */
  readonly answersFile: string
}

/** The main metric of a task of lm-evaluation-harness. */
export interface LmEvalTask {
  readonly task: string
  /** As in its results: `acc`, `exact_match`, … */
  readonly metric: string
  readonly filter: string
  /** Share, 0–1. */
  readonly value: number
  /** Null where it states none. */
  readonly stderr: number | null
  /** Documents that were evaluated. */
  readonly samples: number
}

/** What lm-evaluation-harness found. */
export interface LmEvalResults {
  /** Version as its results state it; null where they don't. */
  readonly version: string | null
  readonly tasks: readonly LmEvalTask[]
  /** Its results, relative to the run folder. */
  readonly resultsFile: string
}

/** A check of quality beside the figures of a point. */
export interface Quality {
  /** Requests in flight while it asked. */
  readonly concurrency: number
  /** Largest share of unanswered questions at which the accuracy still counts, 0–1. */
  readonly unansweredLimit: number
  readonly questions?: AskedQuestions
  readonly lmEval?: LmEvalResults
}

/** Right answers over all answers. */
export interface Accuracy {
  readonly right: number
  /** Right and wrong ones; what failed is in neither. */
  readonly answered: number
  readonly unanswered: number
  /** 0–1. */
  readonly share: number
  /** Wilson's 95% interval. */
  readonly interval: Bounds
}

/** How many questions were right, wrong and unanswered. */
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
 * The accuracy that a check found: of its questions, or without any of all samples of its lm-eval tasks together. Null
 * where nothing was answered, or too little for the rest to stand for it: a build that fails on the hard questions
 * would look better.
 */
export function accuracyOf(quality: Quality | undefined): Accuracy | null {
  if (quality === undefined) return null
  const { right, answered, unanswered } = answersOf(quality)
  if (answered === 0 || unanswered > quality.unansweredLimit * (answered + unanswered)) return null
  return { right, answered, unanswered, share: right / answered, interval: wilsonInterval(right, answered) }
}

/** Right answers, answers, and questions without one; of lm-eval the samples of all its tasks. */
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
