import type { BottleneckFinding } from '../../src/analysis/tune/bottleneck.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import { type How, labelOf, saidOf, type Truth, truthOf, type VirtualSystem, virtualRun } from './virtual.ts'

/** The ways in which a system is seen. */
export const ways: { readonly [way: string]: How } = {
  'steady window, gauges': {},
  'steady window, gauges, settings unknown': { settings: false },
  'steady window, no gauges': { gauges: false },
  'whole run, gauges': { window: 'whole' },
  'whole run, no gauges': { window: 'whole', gauges: false },
}

export type Verdict = 'right' | 'undecided' | 'wrong'

export interface Diagnosed {
  readonly system: VirtualSystem
  readonly truth: Truth
  /** By {@link ways}. */
  readonly said: { readonly [way: string]: BottleneckFinding }
}

export function verdictOf({ stage, alike }: Truth, said: BottleneckFinding['stage']): Verdict {
  if (said === stage || alike.includes(said)) return 'right'
  return said === 'undecided' ? 'undecided' : 'wrong'
}

/** Finds out what holds each system back, and what is said of it. */
export function diagnosed(systems: readonly VirtualSystem[], profile: Profile): readonly Diagnosed[] {
  return systems.map(system => ({
    system,
    truth: truthOf(system, profile),
    said: Object.fromEntries(Object.entries(ways).map(([way, how]) => [way, saidOf(virtualRun(system, profile, how))])),
  }))
}

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`

/** How often each way is right. */
export function countsTable(found: readonly Diagnosed[]): string {
  const rows = Object.keys(ways).map(way => {
    const verdicts = found.map(({ truth, said }) => verdictOf(truth, said[way]?.stage ?? 'none shown'))
    const count = (verdict: Verdict) => verdicts.filter(one => one === verdict).length
    return row([way, count('right'), count('undecided'), count('wrong')])
  })
  return [row(['seen by', 'right', 'undecided', 'wrong']), row(['---', '---:', '---:', '---:']), ...rows].join('\n')
}

/** Each system: the truth with the gain of what helps most, and what is said in each way; what is wrong in bold. */
export function systemsTable(found: readonly Diagnosed[]): string {
  return [
    row(['system', 'what', 'truth', ...Object.keys(ways)]),
    row(['---', '---', '---', ...Object.keys(ways).map(() => '---')]),
    ...found.map(({ system, truth, said }) =>
      row([
        system.name,
        `${labelOf(system)}: ${system.because}`,
        [truth.stage, ...truth.alike.filter(stage => stage !== truth.stage)].join(' or '),
        ...Object.keys(ways).map(way => {
          const stage = said[way]?.stage ?? 'none shown'
          return verdictOf(truth, stage) === 'wrong' ? `**${stage}**` : stage
        }),
      ]),
    ),
  ].join('\n')
}
