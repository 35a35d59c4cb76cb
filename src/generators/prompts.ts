import { drawLengths } from '../metrics/statistics/lengths.ts'
import { serverTokenizer } from '../model/builtin-tokenizer.ts'
import type { Api, Model, Workload } from '../model/index.ts'
import { createRandom, defined, FulcrumError, type Length, type Random, takesText } from '../model/index.ts'
import { firstAlike } from './alike.ts'
import { datasetPrompts } from './dataset.ts'
import { frameTexts } from './frame.ts'
import type { Lexicon } from './lexicon.ts'
import { loadLexicon } from './lexicon-cache.ts'
import type { PromptBook } from './prompt-book.ts'
import type { PromptSet } from './prompt-set.ts'
import { firstPrompts, sharedUint32, withSpare } from './prompt-set.ts'
import { noSalt, salted } from './salt.ts'
import { serverLexicon } from './server-lexicon.ts'
import type { ServerCounter } from './server-tokens.ts'
import type { Trace } from './trace.ts'
import { lateTracePrompts, tracePrompts, traceRecipe } from './trace-prompts.ts'
import type { WordRun } from './words.ts'
import { cutRuns, drawText, markWords } from './words.ts'

/** Everything that determines the prompts of a point. */
export interface PromptOptions {
  readonly model: Model
  readonly api: Api
  readonly workload: Workload
  /** Number of distinct prompts (conversations, if the workload has turns). A trace has its own number. */
  readonly count: number
  readonly seed: number
  /**
   * Prompts after which lengths repeat, so that every window of this length has the same lengths; default: none repeat.
   */
  readonly period?: number
  /**
   * Prompts with different salts differ from the first words on, including shared prefixes, so that a prefix cache
   * filled by one point does not serve another. Usually the point id and repeat. Prompts of a dataset file are not
   * changed.
   */
  readonly salt: string
  /**
   * Additional prompts (conversations) for requests that only maintain the load: like the first ones, with a different
   * salt. Dataset files and traces have none.
   */
  readonly spare?: number
  /** Trace with the lengths and shared blocks for the prompts. */
  readonly trace?: Trace
  /** Whether to make the prompts of a trace only when they are sent. */
  readonly late?: boolean
  /** Counts tokens if {@link serverTokenizer} replaces the model's tokenizer. */
  readonly counter?: ServerCounter
  /** Where to keep results that take long to compute; created if missing. */
  readonly cacheFolder: string
  /** Prompts of earlier points of the run. */
  readonly book?: PromptBook
  readonly signal: AbortSignal
}

/**
 * Prompts of a point, the same for the same options on every machine: from a dataset file, from a trace, or plain
 * lower-case words. The server counts exactly the number of tokens drawn from the workload's ISL
 * (`usage.prompt_tokens`, including the chat template). All prompts are distinct unless they share a prefix.
 *
 * @throws FulcrumError bad-input `isl-too-short` if a fixed ISL is too short for the chat template and a word,
 *   `no-chat-template`; errors of {@link loadLexicon} and {@link datasetPrompts}
 */
export async function createPromptSet(options: PromptOptions): Promise<PromptSet> {
  if (options.trace === undefined && options.workload.datasetFile !== undefined) {
    return datasetPrompts(options.workload.datasetFile, options)
  }
  const lexicon = await lexiconOf(options)
  const around = tokensAround(lexicon, options)
  const { trace, late = false } = options
  if (trace !== undefined) {
    const recipe = traceRecipe(trace, lexicon, around, options)
    return late ? lateTracePrompts(recipe, trace) : tracePrompts(recipe, trace)
  }
  checkLength(options, around)
  const { api, workload, seed, count, salt, period } = options
  const make = () =>
    workload.conversation === undefined
      ? singlePrompts(options, lexicon, around)
      : conversationPrompts(options, lexicon, around, workload.conversation.turns)
  const unsalted =
    options.book?.take({ words: lexicon.words, api, workload, seed, count, ...defined({ period }) }, make) ?? make()
  const prompts = salted(unsalted, salt, api, around, lexicon)
  const spare = Math.min(count, options.spare ?? 0) * prompts.turns
  if (spare === 0) return prompts
  return withSpare(prompts, salted(firstPrompts(unsalted, spare), `${salt}/load`, api, around, lexicon))
}

async function lexiconOf({ model, counter, cacheFolder, signal }: PromptOptions): Promise<Lexicon> {
  if (model.tokenizer !== serverTokenizer) return loadLexicon(model, cacheFolder, signal)
  if (counter === undefined) throw new TypeError('tokenizer: server needs a server that counts')
  return serverLexicon(counter, cacheFolder, signal)
}

function singlePrompts(options: PromptOptions, lexicon: Lexicon, around: number): PromptSet {
  const random = createRandom(options.seed)
  const isl = lengthsOf(options, options.workload.isl, random.fork('isl'), around + 1)
  const osl = lengthsOf(options, options.workload.osl, random.fork('osl'))
  const texts = Array.from(isl, (tokens, index) =>
    drawText(lexicon, runsOf(options, index, tokens - around), random.fork('text')),
  )
  const frame = frameTexts(texts, options.api, lexicon)
  return {
    count: options.count,
    ...frame,
    inputTokens: sharedUint32(isl),
    outputTokens: sharedUint32(osl),
    turns: 1,
    // Prompts of a few words, or with only a prefix, have no room for distinguishing words. The salt is the same for
    // all.
    firstAlike: firstAlike({ count: options.count, ...frame }),
  }
}

function lengthsOf({ count, period = count }: PromptOptions, length: Length, random: Random, least?: number) {
  const drawn = drawLengths(length, Math.min(period, count), random, least)
  return Uint32Array.from({ length: count }, (_, index) => drawn[index % drawn.length] ?? 1)
}

/**
 * The ISL applies to what each turn adds: the first prompt with its template, then the words of each further message.
 * Earlier messages are added to it, with an approximate length, because an answer may be tokenized differently when it
 * comes back.
 */
function conversationPrompts(options: PromptOptions, lexicon: Lexicon, around: number, turns: number): PromptSet {
  const perTurn = lexicon.turnTokens
  if (takesText(options.api) || perTurn === null) {
    throw new FulcrumError(
      'bad-input',
      'no-conversation',
      takesText(options.api)
        ? `the ${options.api} API has no conversations`
        : `the chat template of the tokenizer ${options.model.tokenizer} does not accept earlier answers`,
      {
        where: options.workload.name,
        remedy: 'set load.api to chat with a model that has a chat template, or remove conversation',
      },
    )
  }
  const random = createRandom(options.seed)
  const count = options.count * turns
  const isl = drawLengths(options.workload.isl, count, random.fork('isl'), around + 1)
  const osl = drawLengths(options.workload.osl, count, random.fork('osl'))
  const expected = new Uint32Array(count)
  const texts = Array.from(isl, (tokens, index) => {
    const first = index % turns === 0
    const before = first ? 0 : (expected[index - 1] ?? 0) + (osl[index - 1] ?? 0) + perTurn
    expected[index] = before + tokens
    const runs = first ? runsOf(options, index, tokens - around) : wordsOf(`prompt-${index}`, tokens)
    return drawText(lexicon, runs, random.fork('text'))
  })
  return {
    count,
    ...frameTexts(texts, options.api, lexicon),
    inputTokens: sharedUint32(expected),
    outputTokens: sharedUint32(osl),
    turns,
  }
}

/**
 * Word runs of one prompt: the part that differs between points, the part shared with others, the part that
 * distinguishes it from them, and the rest.
 */
function runsOf(options: PromptOptions, index: number, words: number): WordRun[] {
  const prefix = options.workload.prefix
  const shared = prefix === undefined ? 0 : Math.round(prefix.share * words)
  const which = index % (prefix?.count ?? 1)
  return cutRuns(
    [
      noSalt,
      { kind: 'mark', number: which, words: Math.min(markWords, shared - markWords) },
      { kind: 'drawn', name: `prefix-${which}`, words: shared - 2 * markWords },
      { kind: 'mark', number: index, words: markWords },
      { kind: 'drawn', name: `prompt-${index}`, words },
    ],
    words,
  )
}

function wordsOf(name: string, words: number): WordRun[] {
  return [{ kind: 'drawn', name, words }]
}

/** Tokens that do not belong to the prompt's text. */
function tokensAround(lexicon: Lexicon, { api, model }: PromptOptions): number {
  if (takesText(api)) return lexicon.promptTokens
  if (lexicon.chatTokens !== null) return lexicon.chatTokens
  throw new FulcrumError(
    'bad-input',
    'no-chat-template',
    `the tokenizer ${model.tokenizer} has no usable chat template`,
    {
      where: model.tokenizer,
      remedy: 'set load.api to completions, or name a folder whose tokenizer_config.json has a chat_template',
    },
  )
}

function checkLength({ workload }: PromptOptions, around: number): void {
  if (workload.isl.kind !== 'fixed' || workload.isl.tokens > around) return
  throw new FulcrumError(
    'bad-input',
    'isl-too-short',
    `ISL ${workload.isl.tokens} is too short: the ${around} tokens of the chat template and one word make ${around + 1}`,
    { where: workload.name, remedy: `set an ISL of at least ${around + 1}, or use the completions API` },
  )
}
