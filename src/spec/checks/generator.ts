import { generatorRefusal } from '../../generators/abilities.ts'
import { defaultLimits, type Load, type LoadLevel, type Workload } from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import type { Check, CheckedSweep } from './check.ts'

/** Loads and workloads that the generator has no way to make: asked of the generator itself, one with all the rest plain. */
export const checkGenerator: Check = (sweep, { refuse }) => {
  const plainWorkload: Workload = {
    name: 'plain',
    isl: { kind: 'fixed', tokens: 1 },
    osl: { kind: 'fixed', tokens: 1 },
  }
  const [first] = sweep.loads
  if (first === undefined) return
  const plainLoad: Load = { ...first, api: 'completions', level: { kind: 'concurrency', concurrency: 1 } }
  const told = new Set<string>()
  const ask = (workload: Workload, load: Load, path: Path) => {
    const refusal = refusalOf(sweep, workload, load)
    if (refusal === null || told.has(refusal)) return
    told.add(refusal)
    refuse({ kind: 'sweep', path }, refusal, 'write generator: built-in')
  }
  const auto = sweep.loads.find(load => load.auto !== undefined)
  if (auto !== undefined && sweep.isSharded) {
    const wrong = 'requests: auto can’t be split over shards, which tell what they saw only when they are done'
    refuse({ kind: 'sweep', path: ['load', 'requests'] }, wrong, 'write a number, such as 10x, or remove shards')
  }
  if (auto !== undefined) ask(plainWorkload, { ...auto, level: plainLoad.level }, ['load', 'requests'])
  for (const load of sweep.loads) ask(plainWorkload, load, ['load', keyOf(load.level)])
  for (const [index, workload] of sweep.workloads.entries()) {
    ask(workload, plainLoad, Array.isArray(sweep.raw.workloads) ? ['workloads', index] : ['workloads'])
  }
}

function keyOf(level: LoadLevel): string {
  return level.kind === 'rate' ? 'request_rate' : level.kind
}

function refusalOf({ deployments, generator }: CheckedSweep, workload: Workload, load: Load): string | null {
  const [deployment] = deployments
  if (deployment === undefined) return null
  return generatorRefusal({ id: '', deployment, workload, load, generator, slo: {}, limits: defaultLimits, repeat: 1 })
}
