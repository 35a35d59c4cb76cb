import type { Json } from '../model/index.ts'
import type { Question } from './questions.ts'

/** A file of questions, read together with the sweep. */
export interface QuestionSet {
  /** Absolute path. */
  readonly file: string
  /** SHA-256 of the questions and their answers; comments in the file and the order of fields don't change it. */
  readonly sha256: string
  readonly questions: readonly Question[]
  /** Maximum tokens of an answer. */
  readonly maxTokens: number
  /** Instruction before each question; null for none. */
  readonly system: string | null
  /** Additional fields of the request bodies. */
  readonly extra: { readonly [field: string]: Json }
}

/** How to call lm-evaluation-harness. */
export interface LmEvalWanted {
  /** Path, or name on PATH. */
  readonly binary: string
  readonly tasks: readonly string[]
  /** Documents of each task; null for all. */
  readonly limit: number | null
  /** Examples before each document; null for the task's default. */
  readonly fewshot: number | null
  /** Additional arguments, after all others. */
  readonly args: readonly string[]
  /** Time limit of one call, ms. */
  readonly timeoutMs: number
}

/** The section `quality` of a sweep: what each deployment is asked besides its load. */
export interface QualityWanted {
  /** Once per deployment, or at each load level. */
  readonly at: 'deployment' | 'point'
  readonly questions: QuestionSet | null
  readonly lmEval: LmEvalWanted | null
}
