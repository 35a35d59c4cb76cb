import { windowOf } from '../../model/index.ts'
import type { AskedLoad, Shortfall } from '../capabilities.ts'

/** Combinations that the built-in generator does not support, although it supports each part. */
export function builtInShortfalls({ load, workload, mixesModels }: AskedLoad): readonly Shortfall[] {
  if (load.level.kind === 'trace' && mixesModels === true) {
    return [
      {
        ...{ section: 'model', key: '' },
        wrong: 'a trace is replayed with one model',
        right: 'write one model, or concurrency or request_rate in place of the trace',
      },
    ]
  }
  const { conversation } = workload
  if (load.level.kind === 'trace' && (conversation !== undefined || workload.datasetFile !== undefined)) {
    const key = conversation === undefined ? 'dataset' : 'conversation'
    return [
      {
        ...{ section: 'workload', key },
        wrong: `${key} has no effect on a trace, which has its own prompts and turns`,
        right: `remove ${key}`,
      },
    ]
  }
  if (conversation !== undefined && load.api !== 'chat' && load.api !== 'responses') {
    return [
      {
        ...{ section: 'load', key: 'api' },
        wrong: `the ${load.api} API has no conversations`,
        right: 'write api: chat, or remove conversation',
      },
    ]
  }
  if (load.autoWarmup !== undefined && conversation !== undefined && conversation.turns > 1) {
    return [
      {
        ...{ section: 'load', key: 'warmup' },
        wrong: 'warmup: auto can’t tell when conversations are steady: TTFT changes with their turns',
        right: `write warmup: ${conversation.turns}x, or remove conversation`,
      },
    ]
  }
  if (load.auto === undefined) return []
  const turns = conversation?.turns ?? 1
  if (turns > 1 && load.level.kind === 'rate') {
    return [
      {
        ...{ section: 'load', key: 'requests' },
        wrong:
          'requests: auto can’t end conversations that arrive at a rate: they outlast the window, so that those in it are never all whole',
        right: 'write concurrency in place of request_rate, or duration: 120s in place of requests',
      },
    ]
  }
  if (windowOf(load, turns) === 'whole') {
    return [
      {
        ...{ section: 'load', key: 'requests' },
        wrong: 'requests: auto needs a steady window: a load whose warm-up reaches every slot',
        right:
          load.window === 'whole'
            ? 'remove window: whole, or write a number, such as requests: 10x'
            : `write warmup: ${turns > 1 ? turns : 2}x, or a number, such as requests: 10x`,
      },
    ]
  }
  return []
}
