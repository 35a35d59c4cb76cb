import type { Report } from './file/problem.ts'
import type { RawSweep } from './schema/sweep.ts'

/**
 * What parses and can't be done yet: refused by name when a file is validated, never ignored. Whoever builds one deletes its
 * row. `asked` tells whether a file asks for it.
 */
interface NotYet {
  readonly path: readonly string[]
  asked(raw: Partial<RawSweep>): boolean
  readonly wrong: string
  readonly instead: string
}

const deployer = (name: string): NotYet => ({
  path: ['deploy', 'with'],
  asked: raw => raw.deploy?.with === name,
  wrong: `the deployer ${name} is not built yet`,
  instead: 'write with: simulated, dynamo or attach',
})

const generatorOf = (raw: Partial<RawSweep>) =>
  typeof raw.generator === 'string' ? raw.generator : raw.generator?.name

const notYet: readonly NotYet[] = [
  deployer('dynamo-serve'),
  deployer('kubernetes'),
  deployer('slurm'),
  {
    path: ['deploy', 'nodes'],
    asked: raw => raw.deploy?.nodes !== undefined && ['simulated', 'dynamo', 'attach'].includes(raw.deploy.with),
    wrong: 'workers can’t be placed on named nodes yet: they run on this machine',
    instead: 'remove nodes',
  },
  {
    path: ['search'],
    asked: raw => raw.search === 'adaptive',
    wrong: 'search: adaptive is not built yet',
    instead: 'write search: grid',
  },
  {
    path: ['load', 'prompts'],
    asked: raw => generatorOf(raw) === 'built-in' && raw.load?.prompts === 'same',
    wrong: 'the built-in generator makes fresh prompts for every point',
    instead: 'remove prompts, or write generator: genai-perf',
  },
]

/** Reports everything in the file that Fulcrum can't do yet. */
export function reportNotYet(raw: Partial<RawSweep>, report: Report): void {
  for (const row of notYet) {
    if (row.asked(raw)) report(row.path, row.wrong, row.instead)
  }
}
