import { defined } from '../../model/index.ts'
import { operational } from '../../yaml/keys.ts'
import { userCacheFolder } from '../cache.ts'
import type { Shortfall } from '../capabilities.ts'
import { defineGenerator } from '../define-generator.ts'
import { shardsKey } from '../shards/keys.ts'
import type { ShardSettings } from '../shards/launch.ts'
import { builtInShortfalls } from './shortfalls.ts'

/** Fulcrum's own load generator, in this process or split over others. */
export const builtInGenerator = defineGenerator({
  name: 'built-in',
  about: 'Fulcrum’s own load generator: raw sockets in worker threads, nothing between them and the clock',
  keys: { shards: operational(shardsKey.optional()) },
  read: ({ shards }): { readonly shards?: ShardSettings } => defined({ shards }),
  capabilities: {
    apis: ['chat', 'completions', 'responses', 'embeddings'],
    loads: ['concurrency', 'rate', 'stages', 'trace'],
    arrivals: ['constant', 'poisson', 'gamma'],
    maxConcurrency: true,
    lengths: ['fixed', 'normal', 'lognormal', 'uniform', 'empirical'],
    prefixes: true,
    datasets: true,
    conversations: true,
    parallelTurns: true,
    models: true,
    serverTokenizer: true,
    reasoning: true,
    autoRequests: true,
    windows: ['steady', 'whole'],
    prompts: 'fresh',
  },
  shortfalls: (asked, { shards }) => [
    ...builtInShortfalls(asked),
    ...(shards !== undefined && asked.load.level.kind === 'trace' ? [cannotSplitTraces] : []),
    ...(shards !== undefined && asked.mixesModels === true ? [cannotSplitModels] : []),
  ],
  sharding: {
    of: ({ shards }) => shards ?? null,
    with: ({ shards }, count) => ({
      shards: { ...(shards ?? { hosts: [], launcher: 'ssh', launcherArgs: [] }), count },
    }),
  },
  example: async (point, endpoint) => (await import('../request-example.ts')).requestExample(point, endpoint),
  create: async ({ shards }, { runFolder, jobLauncher, cacheFolder = userCacheFolder(process.env) }) => {
    if (shards === undefined) return (await import('./built-in.ts')).builtIn({ cacheFolder })
    const { sharded } = await import('../shards/sharded.ts')
    const { job } = shards
    if (job === undefined) return sharded({ cacheFolder, shards, runFolder })
    if (jobLauncher === undefined) throw new TypeError('shards of a Job need a launcher')
    return sharded({ cacheFolder, shards, runFolder, launcher: jobLauncher({ ...shards, job }) })
  },
})

/** Requests of a session wait for each other's answers, and each process builds the prompts that it sends. */
const cannotSplitTraces: Shortfall = {
  section: 'load',
  key: 'trace',
  wrong: 'a trace can’t be split over shards: its requests are made in the process that sends them',
  right: 'remove shards',
}

/** Only the process that sends a request knows its model. */
const cannotSplitModels: Shortfall = {
  section: 'model',
  key: '',
  wrong: 'requests for several models can’t be split over shards',
  right: 'remove shards, or write one model',
}
