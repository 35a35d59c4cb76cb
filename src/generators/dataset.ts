import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import type { Api, Model, Workload } from '../model/index.ts'
import { FulcrumError, takesText } from '../model/index.ts'
import { firstAlike } from './alike.ts'
import { cached } from './cache.ts'
import { type DatasetFile, type MeasuredDataset, readDatasetFile, refuseOdd } from './dataset-file.ts'
import { outputTokensOf } from './dataset-lengths.ts'
import { frameValues } from './frame.ts'
import type { PromptBook } from './prompt-book.ts'
import type { PromptSet } from './prompt-set.ts'
import { sharedUint32 } from './prompt-set.ts'
import { buildTokenizer, readTokenizer } from './tokenizer.ts'

/** Options of counting a dataset. */
export interface DatasetOptions {
  /** As a sweep names it, see {@link readTokenizer}. */
  readonly tokenizer: string
  readonly api: Api
  /** Number of rows to count and keep. */
  readonly most: number
  /** Folder that keeps counts between runs, by the file's content. */
  readonly cacheFolder: string
  readonly signal: AbortSignal
}

/**
 * Reads a dataset and counts the prompts of its first rows. A row that the chat template rejects counts as one that
 * can't be sent.
 * @throws FulcrumError as {@link readDatasetFile}, readTokenizer and buildTokenizer
 */
export async function measureDataset(file: string, options: DatasetOptions): Promise<MeasuredDataset> {
  const { api } = options
  const [read, source] = await Promise.all([readDatasetFile(file, options), readTokenizer(options.tokenizer)])
  const key = createHash('sha256').update(`${api}\0${source.fingerprint}\0${read.sha256}`).digest('hex')
  const tokensSchema = z
    .object({ input: z.array(z.int().nullable()), answer: z.array(z.int()), refusal: z.string() })
    .refine(({ input, answer }) => input.length >= read.entries.length && answer.length === input.length)
  const tokens = await cached(options.cacheFolder, `dataset-v2-${key.slice(0, 24)}.json`, tokensSchema, () => {
    const tokenizer = buildTokenizer(source)
    let refusal = ''
    const input = read.entries.map(({ messages }) => {
      try {
        const ids = takesText(api) ? tokenizer.encodePrompt(messages[0]?.content ?? '') : tokenizer.encodeChat(messages)
        return ids.length
      } catch (error) {
        if (refusal === '') refusal = error instanceof Error ? error.message : String(error)
        return null
      }
    })
    const answer = read.entries.map(entry => (entry.answer === null ? 0 : tokenizer.encode(entry.answer).length))
    return { input, answer, refusal }
  })
  const kept = read.entries.flatMap((entry, index) => {
    const input = tokens.input[index] ?? null
    return input === null ? [] : [{ entry, input, answer: tokens.answer[index] ?? 0 }]
  })
  const measured = {
    ...read,
    ...withoutRefused(file, read, tokens),
    entries: kept.map(({ entry }) => entry),
    inputTokens: kept.map(({ input }) => input),
    answerTokens: kept.map(({ answer }) => answer),
  }
  refuseOdd(measured.odd, kept.length < read.entries.length ? kept.length : measured.rows)
  return measured
}

/** Adds the rows that the tokenizer's chat template rejected. */
function withoutRefused(
  file: string,
  read: DatasetFile,
  tokens: { readonly input: readonly (number | null)[]; readonly refusal: string },
): Pick<DatasetFile, 'rows' | 'odd'> {
  const refused = read.entries.filter((_, index) => (tokens.input[index] ?? null) === null)
  const [first] = refused
  if (first === undefined) return { rows: read.rows, odd: read.odd }
  const told = read.odd ?? {
    where: `${file}:${first.line}:1`,
    why: `the tokenizer's chat template rejects it: ${tokens.refusal}`,
  }
  return { rows: read.rows - refused.length, odd: { ...told, count: (read.odd?.count ?? 0) + refused.length } }
}

/**
 * The prompts of a dataset file, in file order, at most `count`. Tokens are counted with the model's tokenizer and
 * cached by content. If neither file nor answer has an OSL, it is drawn from the workload's.
 * @throws FulcrumError bad-input `dataset-changed` if the file has changed since the workload was read; errors of
 *   {@link measureDataset}
 */
export async function datasetPrompts(
  file: string,
  options: {
    readonly model: Model
    readonly api: Api
    readonly workload: Workload
    readonly count: number
    readonly seed: number
    readonly cacheFolder: string
    readonly book?: PromptBook
    readonly signal: AbortSignal
  },
): Promise<PromptSet> {
  const { api, workload, count, book } = options
  const measure = () => measureDataset(file, { ...options, tokenizer: options.model.tokenizer, most: count })
  const dataset = await (book === undefined
    ? measure()
    : book.takeDataset({ key: await statedAs(file, options), count }, measure))
  if (workload.datasetSha256 !== undefined && workload.datasetSha256 !== dataset.sha256) {
    throw new FulcrumError('bad-input', 'dataset-changed', `${file} has changed since the run started`, {
      where: file,
      remedy: 'restore the file and continue with `fulcrum resume`, or start a new run with `fulcrum run`',
    })
  }
  const entries = dataset.entries.slice(0, count)
  const outputTokens = outputTokensOf(dataset, count, workload, options.seed)
  const values = entries.map(({ messages, parts }) => (takesText(api) ? messages[0]?.content : (parts ?? messages)))
  return withAlike({
    count: entries.length,
    ...frameValues(values),
    // Only the server knows the tokens of an image.
    inputTokens: sharedUint32(
      entries.map(({ parts }, row) => (parts === undefined ? (dataset.inputTokens[row] ?? 0) : 0)),
    ),
    outputTokens: sharedUint32(outputTokens),
    turns: 1,
  })
}

const withAlike = (set: PromptSet): PromptSet => ({ ...set, firstAlike: firstAlike(set) })

/** Metadata that changes with a file's content. */
async function statedAs(file: string, { api, model }: { readonly api: Api; readonly model: Model }): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => null)
  const stated = found === null ? [] : [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs]
  return [file, ...stated, api, model.tokenizer].join('\0')
}
