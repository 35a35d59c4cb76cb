import { type AskedLoad, type Shortfall, shortfallsOf } from '../../generators/capabilities.ts'
import { generators } from '../../generators/index.ts'
import { serverTokenizer } from '../../model/builtin-tokenizer.ts'
import type { Path } from '../../yaml/problem.ts'
import type { Check, CheckedSweep } from './check.ts'

/** Rejects loads and workloads that exceed the generator's capabilities, each at its position in the sweep file. */
export const checkGenerator: Check = (sweep, { refuse }) => {
  const { generator, prompts, traces } = sweep
  if (!generator.capabilities.parallelTurns && traces.some(({ summary }) => summary.branched)) {
    refuse(
      { kind: 'sweep', path: ['load', 'trace', 'file'] },
      `the generator ${generator.name} sends the requests of a session one after another, but some of this trace run in parallel`,
      'write generator: built-in, or a trace without parent_id',
    )
  }
  for (const [index, workload] of sweep.workloads.entries()) {
    for (const load of sweep.loads) {
      const asked = {
        load,
        workload,
        prompts,
        mixesModels: sweep.deployments.some(({ model }) => model.mix !== undefined),
        serverTokenizer: sweep.deployments.some(({ model }) => model.tokenizer === serverTokenizer),
      }
      for (const shortfall of generator.shortfalls(asked)) {
        const path = pathOf(sweep, shortfall, index)
        refuse({ kind: 'sweep', path }, shortfall.wrong, remedyFor(shortfall, asked, generator.name))
      }
    }
  }
}

function pathOf({ workloadPaths }: CheckedSweep, { section, key }: Shortfall, workload: number): Path {
  if (section === 'model') return ['model']
  return section === 'load' ? ['load', key] : [...(workloadPaths[workload] ?? ['workloads']), key]
}

/** Remedy: reduce the load, or use a shipped generator that supports it. */
function remedyFor({ right }: Shortfall, asked: AskedLoad, name: string): string {
  const able = generators
    .filter(one => one.name !== name && shortfallsOf(one.name, one.capabilities, asked).length === 0)
    .map(one => one.name)
  return able.length === 0 ? right : `${right}, or write generator: ${able.join(' or ')}`
}
