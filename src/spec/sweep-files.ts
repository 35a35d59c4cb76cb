import { userCacheFolder } from '../generators/cache.ts'
import type { DatasetOptions } from '../generators/dataset.ts'
import type { MeasuredDataset } from '../generators/dataset-file.ts'
import { cachedTokenizer, hubCacheFolder } from '../generators/hub.ts'
import type { TraceSummary } from '../generators/trace-summary.ts'
import type { Load } from '../model/index.ts'
import { disk, type Files } from '../yaml/files.ts'

/** File access for parsing a sweep file. */
export interface SweepFiles extends Files {
  /** Reads a dataset and counts its tokens; absent if file contents are not available. */
  dataset?(path: string, options: Pick<DatasetOptions, 'tokenizer' | 'api' | 'most'>): Promise<MeasuredDataset>
  /** Reads the part of a trace that a load replays; absent if file contents are not available. */
  trace?(
    level: Extract<Load['level'], { kind: 'trace' }>,
    options: { readonly seed: number; readonly most: number },
  ): Promise<TraceSummary>
}

/** The real disk. */
export const sweepDisk: SweepFiles = {
  ...disk,
  tokenizer: name => cachedTokenizer(name, hubCacheFolder(process.env)),
  dataset: async (path, options) => {
    // Loaded only for datasets, because tokenizers take a while to load.
    const { measureDataset } = await import('../generators/dataset.ts')
    const { signal } = new AbortController()
    return measureDataset(path, { ...options, cacheFolder: userCacheFolder(process.env), signal })
  },
  trace: async (level, options) => {
    const { summariseTrace } = await import('../generators/trace-summary.ts')
    const { signal } = new AbortController()
    return summariseTrace(level, { ...options, signal })
  },
}
