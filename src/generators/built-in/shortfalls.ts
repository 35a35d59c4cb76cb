import { windowOf } from '../../model/index.ts'
import type { AskedLoad, Shortfall } from '../capabilities.ts'

/** What the built-in generator can't do although it can do each part of it. */
export function builtInShortfalls({ load, workload }: AskedLoad): readonly Shortfall[] {
  const { conversation } = workload
  if (conversation !== undefined && conversation.turns > 1 && load.level.kind !== 'concurrency') {
    return [
      {
        ...{ section: 'workload', key: 'conversation' },
        wrong: 'conversations need a closed loop: a turn can only be sent when the one before was answered',
        right: 'write load.concurrency',
      },
    ]
  }
  if (load.auto === undefined) return []
  if (conversation !== undefined) {
    return [
      {
        ...{ section: 'load', key: 'requests' },
        wrong: 'requests: auto does not know how the turns of a conversation depend on each other',
        right: 'write a number, such as requests: 10x',
      },
    ]
  }
  if (windowOf(load) === 'whole') {
    return [
      {
        ...{ section: 'load', key: 'requests' },
        wrong: 'requests: auto needs a steady window: a closed loop whose warm-up reaches every slot',
        right: 'write warmup: 2x, or a number, such as requests: 10x',
      },
    ]
  }
  return []
}
