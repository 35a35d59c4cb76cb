import type { JobLoad, Schedule } from '../built-in/job.ts'
import type { RequestSet } from '../built-in/request-set.ts'
import { sharedFloat64 } from '../prompt-set.ts'

/** Number of shards that a load keeps busy: at most the number of slots. */
export function busyShards(schedule: Schedule, shards: number): number {
  const slots = schedule.kind === 'closed' ? schedule.concurrency : schedule.maxConcurrency
  return Math.max(1, Math.min(shards, slots ?? shards))
}

/**
 * Distributes a load. Conversations (including requests without turns) are numbered through warm-up and measurement. In
 * a closed loop, number n belongs to slot n mod concurrency, and slot s to shard s mod shards. In an open loop, number
 * n belongs to shard n mod shards. All parts together contain each slot, request, due time and prompt of the whole
 * exactly once. If the whole sends no prompt twice, no two shards send the same one.
 *
 * @param shards at most {@link busyShards}
 */
export function splitLoad(load: JobLoad, shards: number): JobLoad[] {
  return Array.from({ length: shards }, (_, shard) => partOf(load, shard, shards))
}

function partOf(load: JobLoad, shard: number, shards: number): JobLoad {
  const { schedule, requests, warmup, firstMeasured } = load
  const { turns } = requests
  const slots = schedule.kind === 'closed' ? schedule.concurrency : Number.POSITIVE_INFINITY
  const mine = (conversation: number) => (conversation % slots) % shards === shard
  const minePerTurn = (from: number, count: number) => turns * countWhere(from, from + Math.ceil(count / turns), mine)
  const first = firstMeasured / turns
  const prompts = range(requests.count / turns).filter(mine)
  return {
    ...load,
    // With fewer prompts than shards, the same ones are sent repeatedly.
    requests: select(
      requests,
      prompts.length > 0 ? prompts : [shard % (requests.count / turns)],
      spareOf(requests, shard, shards),
    ),
    schedule: partOfSchedule(schedule, shard, shards, count => minePerTurn(first, count), first),
    warmup: minePerTurn(0, warmup),
    firstMeasured: minePerTurn(0, firstMeasured),
  }
}

function partOfSchedule(
  schedule: Schedule,
  shard: number,
  shards: number,
  mineOf: (count: number) => number,
  first: number,
): Schedule {
  if (schedule.kind === 'closed') {
    const requests = schedule.requests === null ? null : mineOf(schedule.requests)
    return { kind: 'closed', concurrency: shareOf(schedule.concurrency, shard, shards), requests }
  }
  const { maxConcurrency } = schedule
  return {
    kind: 'open',
    dueMs: sharedFloat64(schedule.dueMs.filter((_, index) => (first + index) % shards === shard)),
    maxConcurrency: maxConcurrency === null ? null : shareOf(maxConcurrency, shard, shards),
    around: schedule.around === null ? null : { ...schedule.around, part: shard, parts: shards },
  }
}

/** Number of items that a shard gets when they are distributed one by one. */
function shareOf(total: number, shard: number, shards: number): number {
  return Math.floor(total / shards) + (shard < total % shards ? 1 : 0)
}

function countWhere(from: number, to: number, holds: (n: number) => boolean): number {
  let count = 0
  for (let n = from; n < to; n++) if (holds(n)) count += 1
  return count
}

/** Distributes conversations that only maintain the load one by one. If there are few, some shards send the same. */
function spareOf({ count, spare, turns }: RequestSet, shard: number, shards: number): readonly number[] {
  const first = count / turns
  const conversations = spare / turns
  const mine = range(conversations).filter(conversation => conversation % shards === shard)
  if (conversations === 0 || mine.length > 0) return mine.map(conversation => first + conversation)
  return [first + (shard % conversations)]
}

/** The requests of some conversations, plus some that only maintain the load, as a separate set. */
function select(set: RequestSet, conversations: readonly number[], spare: readonly number[]): RequestSet {
  const indices = [...conversations, ...spare].flatMap(conversation =>
    range(set.turns).map(turn => conversation * set.turns + turn),
  )
  const startOf = (index: number) => set.offsets[index] ?? 0
  const offsets = new Float64Array(indices.length + 1)
  for (const [to, index] of indices.entries()) {
    offsets[to + 1] = (offsets[to] ?? 0) + startOf(index + 1) - startOf(index)
  }
  const bytes = new Uint8Array(offsets[indices.length] ?? 0)
  for (const [to, index] of indices.entries()) {
    bytes.set(set.bytes.subarray(startOf(index), startOf(index + 1)), offsets[to])
  }
  const pick = (values: Uint32Array) => Uint32Array.from(indices, index => values[index] ?? 0)
  return {
    count: conversations.length * set.turns,
    spare: spare.length * set.turns,
    bytes,
    offsets,
    inputTokens: pick(set.inputTokens),
    outputTokens: pick(set.outputTokens),
    leastTokens: pick(set.leastTokens),
    headLength: set.headLength,
    prompts: Float64Array.from(
      indices.flatMap(index => [set.prompts[2 * index] ?? 0, set.prompts[2 * index + 1] ?? 0]),
    ),
    turns: set.turns,
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
