import type { Path, Report } from '../yaml/problem.ts'
import type { RawSweep } from './schema/sweep.ts'

/**
 * What parses and can't be done yet: refused by name when a file is validated, never ignored. Whoever builds one deletes its
 * row.
 */
interface NotYet {
  /** Where a file asks for it; empty when it does not. */
  asked(raw: Partial<RawSweep>): readonly Path[]
  readonly wrong: string
  readonly instead: string
}

const isBuiltIn = ({ generator }: Partial<RawSweep>) =>
  (typeof generator === 'string' ? generator : generator?.name) === 'built-in'

const notYet: readonly NotYet[] = [
  {
    asked: raw => (isBuiltIn(raw) && raw.load?.prompts === 'same' ? [['load', 'prompts']] : []),
    wrong: 'the built-in generator makes fresh prompts for every point',
    instead: 'remove prompts, or write generator: genai-perf',
  },
  {
    asked: raw => (isBuiltIn(raw) && raw.load?.trace !== undefined ? [['load', 'trace']] : []),
    wrong: 'the built-in generator does not replay traces yet',
    instead: 'write request_rate or stages',
  },
  {
    asked: raw => (isBuiltIn(raw) ? conversationsOf(raw.workloads) : []),
    wrong: 'the built-in generator does not hold conversations yet',
    instead: 'remove conversation',
  },
]

function conversationsOf(workloads: RawSweep['workloads'] | undefined): readonly Path[] {
  const entries = Array.isArray(workloads) ? workloads : [workloads]
  return entries.flatMap((entry, index): Path[] => {
    if (typeof entry !== 'object' || entry.conversation === undefined) return []
    return [['workloads', ...(Array.isArray(workloads) ? [index] : []), 'conversation']]
  })
}

/** Reports everything in the file that Fulcrum can't do yet. */
export function reportNotYet(raw: Partial<RawSweep>, report: Report): void {
  for (const row of notYet) {
    for (const path of row.asked(raw)) report(path, row.wrong, row.instead)
  }
}
