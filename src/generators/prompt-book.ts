import { contentId, type Length, type Workload } from '../model/index.ts'
import type { MeasuredDataset } from './dataset-file.ts'
import type { PromptSet } from './prompt-set.ts'
import { firstPrompts } from './prompt-set.ts'
import type { Trace } from './trace.ts'

/** What decides prompts before they are salted. */
export interface UnsaltedPrompts {
  /** The lexicon's words. */
  readonly words: readonly string[]
  readonly api: string
  readonly workload: Workload
  readonly seed: number
  /** Prompts (conversations, where the workload has turns). */
  readonly count: number
}

/** Prompts kept over the points of a run, by the content of what decides them; points differ in their salt only. */
export interface PromptBook {
  /** The prompts, made when they are not here. Not to be changed. */
  take(of: UnsaltedPrompts, make: () => PromptSet): PromptSet
  /**
   * A dataset that was read and counted, anew when it isn't here or has fewer rows than `count` here.
   * @param of `key` changes when the file does
   */
  takeDataset(
    of: { readonly key: string; readonly count: number },
    make: () => Promise<MeasuredDataset>,
  ): Promise<MeasuredDataset>
  /**
   * The trace that was read last, anew when it is another one.
   * @param key changes when the file does
   */
  takeTrace(key: string, make: () => Promise<Trace>): Promise<Trace>
}

/** Datasets that are kept at once. */
const mostDatasets = 4

const defaultMostBytes = 256 * 1024 * 1024

/** A book that forgets what was not asked for the longest when it holds more than so many bytes. */
export function createPromptBook(mostBytes = defaultMostBytes): PromptBook {
  const kept = new Map<string, PromptSet>()
  const datasets = new Map<string, { readonly count: number; readonly dataset: MeasuredDataset }>()
  // A long one takes hundreds of megabytes: one at a time.
  let trace: { readonly key: string; readonly read: Trace } | null = null
  return {
    takeTrace: async (key, make) => {
      if (trace?.key === key) return trace.read
      trace = null
      const read = await make()
      trace = { key, read }
      return read
    },
    takeDataset: async ({ key, count }, make) => {
      const known = datasets.get(key)
      const enough = known !== undefined && known.count >= count ? known : { count, dataset: await make() }
      datasets.delete(key)
      datasets.set(key, enough)
      const [oldest] = datasets.keys()
      if (datasets.size > mostDatasets && oldest !== undefined) datasets.delete(oldest)
      return enough.dataset
    },
    take: (of, make) => {
      const key = keyOf(of)
      const known = kept.get(key)
      const enough = known !== undefined && known.count >= of.count * known.turns ? known : make()
      kept.delete(key)
      kept.set(key, enough)
      let bytes = kept.values().reduce((sum, set) => sum + set.json.length, 0)
      for (const [oldest, set] of kept) {
        if (bytes <= mostBytes) break
        kept.delete(oldest)
        bytes -= set.json.length
      }
      return firstPrompts(enough, of.count * enough.turns)
    },
  }
}

/** Lengths that are drawn are spread over all prompts: only where all are alike are some the start of more. */
function keyOf({ words, api, workload, seed, count }: UnsaltedPrompts): string {
  const { name: _, ...content } = workload
  const alike = isFixed(workload.isl) && isFixed(workload.osl)
  return contentId({ words, api, workload: content, seed, count: alike ? null : count })
}

const isFixed = ({ kind }: Length) => kind === 'fixed'
