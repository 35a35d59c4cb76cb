import { contentId, type Length, type Workload } from '../model/index.ts'
import type { MeasuredDataset } from './dataset-file.ts'
import type { PromptSet } from './prompt-set.ts'
import { firstPrompts } from './prompt-set.ts'
import type { Trace } from './trace.ts'

/** Everything that determines prompts before the salt. */
export interface UnsaltedPrompts {
  /** The lexicon's words. */
  readonly words: readonly string[]
  readonly api: string
  readonly workload: Workload
  readonly seed: number
  /** Number of prompts (conversations, if the workload has turns). */
  readonly count: number
  /** Number after which lengths repeat. */
  readonly period?: number
}

/**
 * Cache of prompts over the points of a run, keyed by everything that determines them. Points differ only in their
 * salt.
 */
export interface PromptBook {
  /** Returns cached prompts or makes them. Do not modify the result. */
  take(of: UnsaltedPrompts, make: () => PromptSet): PromptSet
  /**
   * Returns a cached dataset, or reads and counts it if it is missing or has fewer than `count` rows.
   * @param of `key` changes when the file does
   */
  takeDataset(
    of: { readonly key: string; readonly count: number },
    make: () => Promise<MeasuredDataset>,
  ): Promise<MeasuredDataset>
  /**
   * Returns the trace that was read last, or reads another one.
   * @param key changes when the file does
   */
  takeTrace(key: string, make: () => Promise<Trace>): Promise<Trace>
}

/** Maximum datasets to keep. */
const mostDatasets = 4

const defaultMostBytes = 256 * 1024 * 1024

/** A book that evicts the least recently used prompts when it exceeds the given number of bytes. */
export function createPromptBook(mostBytes = defaultMostBytes): PromptBook {
  const kept = new Map<string, PromptSet>()
  const datasets = new Map<string, { readonly count: number; readonly dataset: MeasuredDataset }>()
  // A long trace takes hundreds of megabytes, so only one is kept.
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

/**
 * Drawn lengths are spread over all prompts. Only if all lengths are equal is a smaller set the start of a larger one.
 */
function keyOf({ words, api, workload, seed, count, period }: UnsaltedPrompts): string {
  const { name: _, ...content } = workload
  const alike = isFixed(workload.isl) && isFixed(workload.osl)
  const spread = alike ? { count: null } : { count, period: period ?? null }
  return contentId({ words, api, workload: content, seed, ...spread })
}

const isFixed = ({ kind }: Length) => kind === 'fixed'
