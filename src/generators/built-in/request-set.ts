import { shuffle } from '../../metrics/statistics/lengths.ts'
import { createRandom, defined, type Endpoint, type Load, type ModelShare } from '../../model/index.ts'
import type { PromptSet } from '../prompt-set.ts'
import { promptJson, sharedBytes, sharedFloat64, sharedUint32 } from '../prompt-set.ts'
import { bodyAround, headBefore, leastTokens, requestShape } from '../request.ts'
import { type LateRequests, lateRequest } from './late-requests.ts'

/**
 * Complete requests including heads, ready to be written, so that nothing is serialized while the clock runs. Shared by
 * all threads.
 */
export interface RequestSet {
  /** Number of warm-up and measured requests. Requests that only maintain the load come after them. */
  readonly count: number
  /** Requests that only maintain the load: like the first ones, but with a different salt. */
  readonly spare: number
  readonly bytes: Uint8Array
  /** Where each request begins in {@link bytes}, and the end of the last. */
  readonly offsets: Float64Array
  /** By request: prompt tokens, requested tokens, and the minimum tokens for an answer to count. */
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
  readonly leastTokens: Uint32Array
  /** Bytes of a request before the value of its Content-Length. */
  readonly headLength: number
  /** Where the prompt's JSON begins and ends, two numbers per request. */
  readonly prompts: Float64Array
  /** Requests of one conversation, in order; 1 without conversations. */
  readonly turns: number
  /** For each request, the first with the same prompt; absent if prompts were not compared. */
  readonly firstAlike?: Uint32Array
  /** Index of each request's model among the mixed ones; absent with one model. */
  readonly models?: Uint32Array
  /** How to build each request when it is sent; {@link bytes} is then empty. */
  readonly late?: LateRequests
}

/** Builds heads and bodies around the prompts. Uses `meanOutputTokens` if the data specifies no length. */
export function createRequestSet(
  prompts: PromptSet,
  load: Load,
  endpoint: Endpoint,
  apiKey: string | undefined,
  meanOutputTokens: number,
  mix?: readonly ModelShare[],
): RequestSet {
  const spare = prompts.spare ?? 0
  const head = headBefore(new URL(endpoint.url), load.api, load.streaming, apiKey)
  const models = mix === undefined ? null : mixedModels(mix, prompts, load)
  const frames = new Map<string, { before: Buffer; after: Buffer; least: number }>()
  const frameOf = (tokens: number, index: number) => {
    const model = mix?.[models?.[index] ?? 0]?.name ?? endpoint.model
    const key = `${tokens} ${model}`
    const known = frames.get(key)
    if (known !== undefined) return known
    const shape = { ...requestShape(load, endpoint, tokens), model }
    const { before, after } = bodyAround(shape)
    const frame = { before: Buffer.from(before), after: Buffer.from(after), least: leastTokens(shape) }
    frames.set(key, frame)
    return frame
  }
  const output = sharedUint32(prompts.outputTokens.map(tokens => (tokens > 0 ? tokens : Math.round(meanOutputTokens))))
  const least = sharedUint32(output.map((tokens, index) => frameOf(tokens, index).least))
  if (prompts.recipe !== undefined) {
    const { outputTokens: _, ...shape } = requestShape(load, endpoint, 0)
    return {
      ...{ count: prompts.count, spare: 0, bytes: sharedBytes(0), offsets: sharedFloat64([0]), turns: 1 },
      ...{ inputTokens: prompts.inputTokens, outputTokens: output, leastTokens: least, headLength: head.length },
      prompts: sharedFloat64([]),
      late: { recipe: prompts.recipe, head, shape, outputTokens: output },
    }
  }
  const parts = (index: number) => {
    const frame = frameOf(output[index] ?? 0, index)
    const json = promptJson(prompts, index)
    const length = frame.before.length + json.length + frame.after.length
    return [Buffer.from(`${head}${length}\r\n\r\n`), frame.before, json, frame.after]
  }
  const offsets = new Float64Array(prompts.count + 1)
  for (let i = 0; i < prompts.count; i++) {
    offsets[i + 1] = (offsets[i] ?? 0) + parts(i).reduce((sum, part) => sum + part.length, 0)
  }
  const bytes = sharedBytes(offsets.at(-1) ?? 0)
  const places = new Float64Array(prompts.count * 2)
  for (let i = 0; i < prompts.count; i++) {
    let at = offsets[i] ?? 0
    const [start = noBytes, before = noBytes, json = noBytes, after = noBytes] = parts(i)
    for (const part of [start, before, json, after]) {
      bytes.set(part, at)
      at += part.length
    }
    places[2 * i] = start.length + before.length
    places[2 * i + 1] = start.length + before.length + json.length
  }
  return {
    count: prompts.count - spare,
    spare,
    bytes,
    offsets: sharedFloat64(offsets),
    inputTokens: prompts.inputTokens,
    outputTokens: output,
    leastTokens: least,
    headLength: head.length,
    prompts: sharedFloat64(places),
    turns: prompts.turns,
    ...(models === null ? {} : { models }),
    ...defined({ firstAlike: prompts.firstAlike }),
  }
}

/**
 * Assigns each request a model by weight, in random order, and the same model to all turns of a conversation. Warm-up,
 * measured requests and those that only maintain the load each match the shares as closely as whole conversations
 * allow.
 */
function mixedModels(mix: readonly ModelShare[], { count, turns, spare = 0 }: PromptSet, load: Load): Uint32Array {
  const random = createRandom(load.seed).fork('model')
  const held = Math.floor(spare / turns)
  const all = Math.ceil(count / turns)
  const warmup = Math.min(Math.ceil(load.warmup / turns), all - held)
  const weights = mix.map(({ weight }) => weight)
  const deal = (conversations: number) => {
    const dealt = largestRemainder(weights, conversations)
    const part = Uint32Array.from(dealt.flatMap((times, model) => Array.from({ length: times }, () => model)))
    shuffle(part, random)
    return Array.from(part)
  }
  const order =
    load.autoWarmup === undefined
      ? [warmup, all - held - warmup, held].flatMap(deal)
      : [...repeated(deal(Math.min(load.requests ?? all - held, all - held)), all - held), ...deal(held)]
  return sharedUint32(Uint32Array.from({ length: count }, (_, index) => order[Math.floor(index / turns)] ?? 0))
}

/** Distributes `total` by weights: the integer part to each, and the rest by largest remainder. */
function largestRemainder(weights: readonly number[], total: number): readonly number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  const exact = weights.map(weight => (weight / sum) * total)
  const dealt = exact.map(Math.floor)
  const left = total - dealt.reduce((a, b) => a + b, 0)
  const byRemainder = exact
    .map((value, at) => ({ at, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest)
  for (const { at } of byRemainder.slice(0, left)) dealt[at] = (dealt[at] ?? 0) + 1
  return dealt
}

/** Repeats the values up to this count, so that every window of the original length contains the same values. */
function repeated(values: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, index) => values[index % values.length] ?? 0)
}

const noBytes = new Uint8Array(0)

/** Bytes of one request, without a copy if they already exist. */
export function requestBytes(set: RequestSet, index: number): Buffer {
  if (set.late !== undefined) return lateRequest(set.late, index).bytes
  const start = set.offsets[index] ?? 0
  const end = set.offsets[index + 1] ?? start
  return Buffer.from(set.bytes.buffer, set.bytes.byteOffset + start, end - start)
}
