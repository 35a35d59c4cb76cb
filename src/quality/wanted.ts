import type { Json } from '../model/index.ts'
import type { Question } from './questions.ts'

/** A file of questions, read when the sweep was. */
export interface QuestionSet {
  /** Absolute path. */
  readonly file: string
  /** SHA-256 of the questions and their answers; comments in the file and the order of fields don't change it. */
  readonly sha256: string
  readonly questions: readonly Question[]
  /** Most tokens of an answer. */
  readonly maxTokens: number
  /** Instruction before each question; null for none. */
  readonly system: string | null
  /** Further fields of the request bodies. */
  readonly extra: { readonly [field: string]: Json }
}

/** How lm-evaluation-harness is called. */
export interface LmEvalWanted {
  /** Its path, or its name on PATH. */
  readonly binary: string
  readonly tasks: readonly string[]
  /** Documents of each task; null for all. */
  readonly limit: number | null
  /** Examples before each document; null for the task's own number. */
  readonly fewshot: number | null
  /** More arguments, after all others. */
  readonly args: readonly string[]
  /** Longest time of one call, ms. */
  readonly timeoutMs: number
}

/** The section `quality` of a sweep: what is asked of each deployment beside its load. */
export interface QualityWanted {
  /** Once for each deployment, or at each load level. */
  readonly at: 'deployment' | 'point'
  readonly questions: QuestionSet | null
  readonly lmEval: LmEvalWanted | null
}
