import type { GeneratorName } from '../model/index.ts'
import { aiperf } from './aiperf/aiperf.ts'
import { builtIn } from './built-in/built-in.ts'
import { userCacheFolder } from './cache.ts'
import { genaiPerf } from './genai-perf/genai-perf.ts'
import type { LoadGenerator } from './generator.ts'
import type { ShardJob, ShardSettings } from './shards/launch.ts'
import type { ShardPlace } from './shards/place.ts'
import { sharded } from './shards/sharded.ts'

/** The sweep file's settings of a generator program; empty for the built-in generator. */
export interface GeneratorSettings {
  readonly command?: string
  readonly args: readonly string[]
  /** Processes that a point's load is split over; the built-in generator's own threads when absent. */
  readonly shards?: ShardSettings
}

/** Where a generator may keep things. */
export interface GeneratorPlaces {
  /** Measurements name their files relative to it. */
  readonly runFolder: string
  /** What may be kept over runs; the user's cache folder when absent. */
  readonly cacheFolder?: string
  /** Opens the place of shards that are pods of a Job. */
  readonly jobPlace?: (shards: ShardSettings & { readonly job: ShardJob }) => ShardPlace
}

/** The load generator of a name. Nothing is started, or looked for, before its first measurement. */
export function createGenerator(
  name: GeneratorName,
  settings: GeneratorSettings,
  places: GeneratorPlaces,
): LoadGenerator {
  switch (name) {
    case 'built-in': {
      const cacheFolder = places.cacheFolder ?? userCacheFolder(process.env)
      const { shards } = settings
      if (shards === undefined) return builtIn({ cacheFolder })
      const { job } = shards
      const common = { cacheFolder, shards, runFolder: places.runFolder }
      if (job === undefined) return sharded(common)
      if (places.jobPlace === undefined) throw new TypeError('shards of a Job need a place that makes it')
      return sharded({ ...common, place: places.jobPlace({ ...shards, job }) })
    }
    case 'genai-perf':
      return genaiPerf({ ...settings, runFolder: places.runFolder })
    case 'aiperf':
      return aiperf({ ...settings, runFolder: places.runFolder })
  }
}
