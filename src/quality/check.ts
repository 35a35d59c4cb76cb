import { createHash } from 'node:crypto'
import { basename, join, relative } from 'node:path'
import { apiKeyOf } from '../generators/api-key.ts'
import type { RequestErrors } from '../metrics/measurement.ts'
import type { AskedQuestions, Quality } from '../metrics/quality.ts'
import { canonicalJson, type Endpoint, type Point, redactor } from '../model/index.ts'
import { openAnswers } from './answers-file.ts'
import { type Answered, askQuestions } from './ask.ts'
import { runLmEval } from './lm-eval.ts'
import type { Putting } from './request.ts'
import type { QualityWanted, QuestionSet } from './wanted.ts'

/** Environment of a check. */
export interface CheckContext {
  readonly point: Point
  readonly endpoint: Endpoint
  /** Requests in flight. */
  readonly concurrency: number
  readonly runFolder: string
  /** Folder of this check, which may have the answers of an attempt that was killed. */
  readonly folder: string
  readonly signal: AbortSignal
  onProgress(done: number, total: number): void
}

/**
 * Checks the quality of a deployment's answers at the load of a point.
 * @throws the signal's reason; FulcrumError environment `api-key-missing`, `lm-eval-missing`; failed `lm-eval-failed`
 */
export async function checkQuality(wanted: QualityWanted, context: CheckContext): Promise<Quality> {
  const { point, endpoint, concurrency, runFolder, folder, signal } = context
  const { api, timeoutMs } = point.load
  const questions = wanted.questions === null ? null : await ask(wanted.questions, context)
  const lmEval =
    wanted.lmEval === null
      ? null
      : await runLmEval(wanted.lmEval, { endpoint, api, concurrency, timeoutMs }, { runFolder, folder, signal })
  return {
    concurrency,
    unansweredLimit: point.limits.errorShare,
    ...(questions === null ? {} : { questions }),
    ...(lmEval === null ? {} : { lmEval }),
  }
}

async function ask(set: QuestionSet, context: CheckContext): Promise<AskedQuestions> {
  const { point, endpoint, concurrency, runFolder, folder, signal, onProgress } = context
  const { api, timeoutMs } = point.load
  const putting: Putting = {
    api,
    model: endpoint.model,
    maxTokens: set.maxTokens,
    system: set.system,
    extra: set.extra,
  }
  const file = join(folder, 'answers.jsonl')
  await using answers = await openAnswers(file, redactor(process.env))
  const total = set.questions.length
  await askQuestions(set.questions, {
    endpoint,
    putting,
    concurrency,
    timeoutMs,
    apiKey: apiKeyOf(endpoint, process.env),
    signal,
    known: new Set(answers.known.keys()),
    onAnswer: async answered => {
      await answers.add(answered, set.questions[answered.question]?.id ?? '')
      onProgress(answers.known.size, total)
    },
  })
  const all = set.questions.map((_, place) => answers.known.get(place))
  // The model's name is not included: under another name, the same model is asked in the same way.
  const { model: _, ...askedAs } = putting
  return {
    file: basename(set.file),
    sha256: set.sha256,
    askedAs: createHash('sha256').update(canonicalJson(askedAs)).digest('hex'),
    outcomes: all.map(answered => answered?.outcome ?? '?').join(''),
    truncated: all.filter(answered => answered?.truncated).length,
    errors: errorsOf(all.filter(answered => answered !== undefined)),
    answersFile: relative(runFolder, file),
  }
}

function errorsOf(answered: readonly Answered[]): readonly RequestErrors[] {
  const errors = answered.flatMap(({ error }) => (error === null ? [] : [error]))
  return [...Map.groupBy(errors, ({ kind }) => kind)].map(([kind, alike]) => ({
    kind,
    count: alike.length,
    example: alike[0]?.message ?? '',
  }))
}
