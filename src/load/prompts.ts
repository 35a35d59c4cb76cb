import type { Api, Model, Workload } from '../point/index.ts'
import { createRandom, FulcrumError } from '../point/index.ts'
import { drawLengths } from './lengths.ts'
import type { Lexicon } from './lexicon.ts'
import { loadLexicon } from './lexicon-cache.ts'
import type { PromptSet } from './prompt-set.ts'
import { sharedBytes, sharedFloat64, sharedUint32 } from './prompt-set.ts'
import type { WordRun } from './words.ts'
import { createWordWriter, drawText, markWords } from './words.ts'

/** What decides the prompts of a point. */
export interface PromptOptions {
  readonly model: Model
  readonly api: Api
  readonly workload: Workload
  /** Distinct prompts (conversations, where the workload has turns). */
  readonly count: number
  readonly seed: number
  /**
   * Prompts of different salts differ from the first words on, shared prefixes too, so that a server's prefix cache warmed by
   * one point doesn't answer another. Point id and repeat, usually.
   */
  readonly salt: string
  /** Where lexicons are kept over runs; made when it isn't there. */
  readonly cacheFolder: string
  readonly signal: AbortSignal
}

/**
 * Prompts whose length the server will count exactly as drawn from the workload's ISL: `usage.prompt_tokens`, the chat
 * template included. Plain lower-case words, all distinct, the same for the same options on every machine.
 *
 * @throws FulcrumError bad-input `isl-too-short` when the template alone is longer than the ISL; what {@link loadLexicon} throws
 */
export async function createPromptSet(options: PromptOptions): Promise<PromptSet> {
  const lexicon = await loadLexicon(options.model, options.cacheFolder, options.signal)
  const around = tokensAround(lexicon, options.api, options.model)
  const random = createRandom(options.seed)
  const turns = options.workload.conversation?.turns ?? 1
  const texts = options.count * turns
  const isl = drawLengths(options.workload.isl, texts, random.fork('isl'), around + 1)
  const osl = drawLengths(options.workload.osl, texts, random.fork('osl'))
  checkLength(options, around)
  const drawn = Array.from(isl, (tokens, index) =>
    drawText(lexicon, runsOf(options, index, tokens - around), random.fork('text')),
  )
  return frame(drawn, options, lexicon, isl, osl, turns)
}

/** The runs of one prompt: what tells points apart, what it shares with others, what tells it apart from them, the rest. */
function runsOf(options: PromptOptions, index: number, words: number): WordRun[] {
  const prefix = options.workload.prefix
  const shared = prefix === undefined ? 0 : Math.round(prefix.share * words)
  const runs: WordRun[] = []
  let left = words
  const add = (run: WordRun) => {
    const cut = Math.max(0, Math.min(run.words, left))
    if (cut > 0) runs.push({ ...run, words: cut })
    left -= cut
  }
  add({ kind: 'mark', number: saltNumber(options.salt), words: markWords })
  if (prefix !== undefined) {
    const which = index % prefix.count
    add({ kind: 'mark', number: which, words: Math.min(markWords, shared - markWords) })
    add({ kind: 'drawn', name: `prefix-${which}`, words: shared - 2 * markWords })
  }
  add({ kind: 'mark', number: index, words: markWords })
  add({ kind: 'drawn', name: `prompt-${index}`, words: left })
  return runs
}

function saltNumber(salt: string): number {
  return createRandom(salt).integer(2 ** 24)
}

/** Tokens that are not the prompt's own. */
function tokensAround(lexicon: Lexicon, api: Api, model: Model): number {
  if (api === 'completions') return lexicon.promptTokens
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

function checkLength(options: PromptOptions, around: number): void {
  const isl = options.workload.isl
  if (isl.kind !== 'fixed' || isl.tokens > around) return
  throw new FulcrumError(
    'bad-input',
    'isl-too-short',
    `ISL ${isl.tokens} can't be reached: the ${around} tokens of the chat template and one word are ${around + 1}`,
    { where: options.workload.name, remedy: `ask for an ISL of at least ${around + 1}, or use the completions API` },
  )
}

/** Puts the texts into JSON; lexicon words need no escape in it. */
function frame(
  texts: readonly Uint16Array[],
  options: PromptOptions,
  lexicon: Lexicon,
  isl: Uint32Array,
  osl: Uint32Array,
  turns: number,
): PromptSet {
  const [before, after] = options.api === 'chat' ? ['[{"role":"user","content":"', '"}]'] : ['"', '"']
  const head = Buffer.from(before)
  const tail = Buffer.from(after)
  const writer = createWordWriter(lexicon)
  const offsets = new Float64Array(texts.length + 1)
  for (const [index, text] of texts.entries()) {
    offsets[index + 1] = (offsets[index] ?? 0) + head.length + writer.sizeOf(text) + tail.length
  }
  const json = sharedBytes(offsets.at(-1) ?? 0)
  for (const [index, text] of texts.entries()) {
    const start = offsets[index] ?? 0
    json.set(head, start)
    json.set(tail, writer.write(text, json, start + head.length))
  }
  return {
    count: texts.length,
    json,
    offsets: sharedFloat64(offsets),
    inputTokens: sharedUint32(isl),
    outputTokens: sharedUint32(osl),
    turns,
  }
}
