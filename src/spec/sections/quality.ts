import type { Findings } from '../../engines/role-settings.ts'
import { questionsSha256, readQuestions } from '../../quality/questions.ts'
import type { LmEvalWanted, QualityWanted, QuestionSet } from '../../quality/wanted.ts'
import { existing, fromFile, lookUp, type SectionContext, seconds } from '../../yaml/section-context.ts'
import type { RawQuality } from '../schema/quality.ts'

/** Fields that Fulcrum writes itself. */
const ownFields = ['model', 'messages', 'prompt', 'input', 'stream', 'max_tokens', 'max_output_tokens']

/** Maximum number of problems shown for one file. A file in another format has one on each line. */
const mostTold = 10

/**
 * Reads the section `quality` and its file of questions, and reports invalid lines. The file's content is not part of
 * any id, but a run resumes only with the content that it started with.
 */
export function readQuality(raw: RawQuality, context: SectionContext, { refuse }: Findings): QualityWanted | null {
  const { report } = context
  if (raw.questions === undefined && raw.lm_eval === undefined) {
    report(['quality'], 'it asks nothing', 'write questions: ./questions.jsonl or lm_eval: { tasks: [gsm8k] }')
    return null
  }
  for (const name of Object.keys(raw.extra).filter(key => ownFields.includes(key)))
    report(['quality', 'extra', name], `${name} is what Fulcrum writes itself`, 'remove it')
  const questions = raw.questions === undefined ? null : readSet(raw.questions, raw, context, refuse)
  return { at: raw.at, questions, lmEval: raw.lm_eval === undefined ? null : lmEvalOf(raw.lm_eval, context) }
}

function readSet(
  path: string,
  raw: RawQuality,
  context: SectionContext,
  refuse: Findings['refuse'],
): QuestionSet | null {
  const file = existing(context, ['quality', 'questions'], path, 'file')
  if (lookUp(context, file) !== 'file') return null
  let text: string
  try {
    text = context.files.text(file)
    context.files.fingerprint(file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    context.report(['quality', 'questions'], `${file} cannot be read: ${why}`, 'check its permissions')
    return null
  }
  const { questions, problems } = readQuestions(text)
  for (const { line, wrong, right } of problems.slice(0, mostTold))
    refuse({ kind: 'file', file: path, position: { line, column: 1 } }, wrong, right)
  const { max_tokens: maxTokens, system = null, extra } = raw
  return { file, sha256: questionsSha256(questions), questions, maxTokens, system, extra }
}

function lmEvalOf(raw: NonNullable<RawQuality['lm_eval']>, context: SectionContext): LmEvalWanted {
  const { tasks, binary, limit = null, fewshot = null, args, timeout } = raw
  return {
    tasks,
    binary: binary.includes('/') ? fromFile(context, binary) : binary,
    limit,
    fewshot,
    // As elsewhere, relative paths in the sweep file start at its folder.
    args: args.map(arg => (/^\.{1,2}\//.test(arg) ? fromFile(context, arg) : arg)),
    timeoutMs: seconds(timeout) * 1000,
  }
}
