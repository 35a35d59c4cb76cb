import { type AskedLoad, type Shortfall, shortfallsOf } from '../../generators/capabilities.ts'
import { generators } from '../../generators/index.ts'
import type { Path } from '../../yaml/problem.ts'
import type { Check, CheckedSweep } from './check.ts'

/** Loads and workloads that are beyond the generator's capabilities, each told where the sweep file asks for it. */
export const checkGenerator: Check = (sweep, { refuse }) => {
  const { generator, prompts } = sweep
  for (const [index, workload] of sweep.workloads.entries()) {
    for (const load of sweep.loads) {
      const asked = { load, workload, prompts }
      for (const shortfall of generator.shortfalls(asked)) {
        const path = pathOf(sweep, shortfall, index)
        refuse({ kind: 'sweep', path }, shortfall.wrong, remedyFor(shortfall, asked, generator.name))
      }
    }
  }
}

function pathOf({ raw }: CheckedSweep, { section, key }: Shortfall, workload: number): Path {
  if (section === 'load') return ['load', key]
  return [...(Array.isArray(raw.workloads) ? ['workloads', workload] : ['workloads']), key]
}

/** Less of the load, or a shipped generator that can do it all. */
function remedyFor({ right }: Shortfall, asked: AskedLoad, name: string): string {
  const able = generators
    .filter(one => one.name !== name && shortfallsOf(one.name, one.capabilities, asked).length === 0)
    .map(one => one.name)
  return able.length === 0 ? right : `${right}, or write generator: ${able.join(' or ')}`
}
