import { speculationOf } from '../../engines/speculation.ts'
import type { Path } from '../../yaml/problem.ts'
import { type Check, type CheckedSweep, rolesWithSettings } from './check.ts'

/**
 * Warns about speculative decoding with random prompts. After random words, a model accepts a different share of the
 * drafts than in real use, which changes ITL and throughput.
 */
export const checkSpeculation: Check = (sweep, { warn }) => {
  const roles = [...rolesWithSettings(sweep)].filter(({ settings }) => speculationOf(settings) !== null)
  const [first] = roles
  if (first === undefined) return
  const role = roles.find(one => one.role !== 'prefill')?.role ?? first.role
  for (const { path, whose } of randomPrompts(sweep))
    warn(
      { kind: 'sweep', path },
      `${role} workers decode speculatively, but the prompts of ${whose} are random words: the share of accepted drafts, and with it ITL and throughput, says nothing about real prompts`,
      'give the workload a dataset of prompts like those in use',
    )
}

/** Workloads and traces that send random words, with their paths. */
function randomPrompts({ workloads, workloadPaths, loads }: CheckedSweep): { path: Path; whose: string }[] {
  const answering = loads.filter(({ api }) => api !== 'embeddings')
  const traced = answering.some(({ level }) => level.kind === 'trace')
  const random = answering.some(({ level }) => level.kind !== 'trace')
    ? workloads.flatMap(({ name, datasetFile }, index) =>
        datasetFile === undefined ? [{ path: workloadPaths[index] ?? ['workloads'], whose: name }] : [],
      )
    : []
  return traced ? [...random, { path: ['load', 'trace'], whose: 'the trace' }] : random
}
