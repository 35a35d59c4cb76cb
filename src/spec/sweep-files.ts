import { userCacheFolder } from '../generators/cache.ts'
import type { DatasetOptions } from '../generators/dataset.ts'
import type { MeasuredDataset } from '../generators/dataset-file.ts'
import { disk, type Files } from '../yaml/files.ts'

/** What parsing a sweep file may ask of the disk. */
export interface SweepFiles extends Files {
  /** A dataset, read and counted; absent where files are no more than their names. */
  dataset?(path: string, options: Pick<DatasetOptions, 'tokenizer' | 'api' | 'most'>): Promise<MeasuredDataset>
}

/** The real disk. */
export const sweepDisk: SweepFiles = {
  ...disk,
  dataset: async (path, options) => {
    // Tokenizers take a while to load, which only a dataset should cost.
    const { measureDataset } = await import('../generators/dataset.ts')
    const { signal } = new AbortController()
    return measureDataset(path, { ...options, cacheFolder: userCacheFolder(process.env), signal })
  },
}
