import { createHash } from 'node:crypto'
import { z } from 'zod'
import { drawLengths } from '../metrics/statistics/lengths.ts'
import type { Api, Model, Workload } from '../point/index.ts'
import { createRandom } from '../point/index.ts'
import { cached } from './cache.ts'
import { frameValues } from './frame.ts'
import { lineError, readJsonLines } from './json-lines.ts'
import type { PromptSet } from './prompt-set.ts'
import { sharedUint32 } from './prompt-set.ts'
import type { ChatMessage } from './tokenizer.ts'
import { buildTokenizer, readTokenizer } from './tokenizer.ts'

/** One request of a dataset file. */
export interface DatasetEntry {
  /** From 1. */
  readonly line: number
  readonly messages: readonly ChatMessage[]
  /** True when the file gave a bare prompt, which any API takes. */
  readonly plain: boolean
  /** What the recorded answer was, to count its tokens; null without one. */
  readonly answer: string | null
  /** Output tokens as the file says; null when it doesn't. */
  readonly outputTokens: number | null
}

const message = z.object({ role: z.string().min(1), content: z.string() })
const turn = z.object({ from: z.string().min(1), value: z.string() })
const count = z.int().positive().optional()
const entrySchema = z.object({
  messages: z.array(message).min(1).optional(),
  prompt: z.string().min(1).optional(),
  text_input: z.string().min(1).optional(),
  text: z.string().min(1).optional(),
  conversations: z.array(turn).min(1).optional(),
  output_tokens: count,
  output_length: count,
  max_tokens: count,
})

/**
 * Reads the first `most` entries of a dataset: JSON lines with `messages`, `prompt`, genai-perf's `text_input` or `text`, or
 * ShareGPT's `conversations` (up to the first answer, whose length becomes the OSL). `output_tokens`, `output_length` or
 * `max_tokens` say a line's OSL.
 *
 * @throws FulcrumError bad-input `data-file-unreadable`, `data-line-invalid` with file:line:column
 */
export async function readDataset(file: string, most: number, signal: AbortSignal): Promise<DatasetEntry[]> {
  const entries: DatasetEntry[] = []
  for await (const { value, line, text } of readJsonLines(file, signal)) {
    const parsed = entrySchema.safeParse(value)
    const remedy = 'write {"messages": [{"role": "user", "content": "…"}]} or {"prompt": "…"}'
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const key = issue?.path[0]
      const column = typeof key === 'string' ? text.indexOf(`"${key}"`) + 1 || 1 : 1
      const at = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
      throw lineError(file, line, column, `${at}${issue?.message ?? 'not an entry'}`, remedy)
    }
    const entry = entryOf(parsed.data, line)
    if (entry === null) throw lineError(file, line, 1, 'the line has neither messages nor a prompt', remedy)
    entries.push(entry)
    if (entries.length === most) break
  }
  if (entries.length === 0) throw lineError(file, 1, 1, 'the dataset is empty', 'write one request a line')
  return entries
}

function entryOf(data: z.infer<typeof entrySchema>, line: number): DatasetEntry | null {
  const outputTokens = data.output_tokens ?? data.output_length ?? data.max_tokens ?? null
  if (data.messages !== undefined) return { line, messages: data.messages, plain: false, answer: null, outputTokens }
  if (data.conversations !== undefined) {
    const said = data.conversations.map(({ from, value }) => ({ role: shareGptRoles[from] ?? from, content: value }))
    const firstAnswer = said.findIndex(({ role }) => role === 'assistant')
    const messages = firstAnswer < 0 ? said : said.slice(0, firstAnswer)
    if (messages.length === 0) return null
    return { line, messages, plain: messages.length === 1, answer: said[firstAnswer]?.content ?? null, outputTokens }
  }
  const prompt = data.prompt ?? data.text_input ?? data.text
  if (prompt === undefined) return null
  return { line, messages: [{ role: 'user', content: prompt }], plain: true, answer: null, outputTokens }
}

const shareGptRoles: Readonly<Record<string, string>> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  chatgpt: 'assistant',
  assistant: 'assistant',
  system: 'system',
}

const tokensSchema = z.object({ input: z.array(z.int()), answer: z.array(z.int()) })

/**
 * The prompts of a dataset file, in its order, at most `count`; their tokens counted with the model's tokenizer and kept by
 * content. Where neither file nor answer says an OSL, it is drawn from the workload's.
 *
 * @throws what {@link readDataset}, readTokenizer and buildTokenizer throw
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
    readonly signal: AbortSignal
  },
): Promise<PromptSet> {
  const entries = await readDataset(file, options.count, options.signal)
  const { api } = options
  if (api === 'completions') {
    const chat = entries.find(entry => !entry.plain)
    if (chat !== undefined) {
      throw lineError(
        file,
        chat.line,
        1,
        'the completions API takes no messages',
        'give prompts, or set load.api to chat',
      )
    }
  }
  const source = await readTokenizer(options.model.tokenizer)
  const hash = createHash('sha256')
    .update(`${api}\0${source.fingerprint}\0${JSON.stringify(entries)}`)
    .digest('hex')
  const tokens = await cached(options.cacheFolder, `dataset-v1-${hash.slice(0, 24)}.json`, tokensSchema, () => {
    const tokenizer = buildTokenizer(source)
    const inputOf = ({ messages }: DatasetEntry) =>
      api === 'completions' ? tokenizer.encodePrompt(messages[0]?.content ?? '') : tokenizer.encodeChat(messages)
    return {
      input: entries.map(entry => inputOf(entry).length),
      answer: entries.map(entry => (entry.answer === null ? 0 : tokenizer.encode(entry.answer).length)),
    }
  })
  const drawn = drawLengths(options.workload.osl, entries.length, createRandom(options.seed).fork('osl'))
  const outputOf = (entry: DatasetEntry, index: number) =>
    entry.outputTokens ?? (tokens.answer[index] || (drawn[index] ?? 1))
  return {
    count: entries.length,
    ...frameValues(entries.map(({ messages }) => (api === 'completions' ? messages[0]?.content : messages))),
    inputTokens: sharedUint32(tokens.input),
    outputTokens: sharedUint32(entries.map(outputOf)),
    turns: 1,
  }
}
