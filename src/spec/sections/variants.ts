import type { Findings, Tell } from '../../engines/role-settings.ts'
import { topologyLabel } from '../../model/index.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import { type Path, pathText, type Report } from '../../yaml/problem.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import { placeInFile } from '../patch.ts'
import type { RawVariant } from '../schema/variants.ts'
import type { WantedTopology } from './topologies.ts'

/** Topologies of a variant: all of the sweep, only some, or all but some. */
export function topologiesOf(
  name: string,
  { only, except }: RawVariant,
  all: readonly WantedTopology[],
  { report }: SectionContext,
): readonly WantedTopology[] {
  const known = all.map(({ topology }) => topologyLabel(topology))
  const path: Path = ['variants', name]
  if (only !== undefined && except !== undefined)
    report([...path, 'except'], `variant ${name} has both only and except`, 'keep one of them', 'key')
  for (const key of ['only', 'except'] as const) {
    for (const [index, label] of ({ only, except }[key] ?? []).entries()) {
      if (known.includes(label)) continue
      const near = nearMiss(label, known)
      const right = near === null ? `this sweep has ${known.slice(0, 8).join(', ')}` : `did you mean "${near}"?`
      report([...path, key, index], `${JSON.stringify(label)} is not a topology of this sweep`, right)
    }
  }
  const kept = all.filter(({ topology }) => {
    const label = topologyLabel(topology)
    return (only?.includes(label) ?? true) && !(except?.includes(label) ?? false)
  })
  const isClear = [...(only ?? []), ...(except ?? [])].every(label => known.includes(label))
  if (kept.length === 0 && isClear && all.length > 0)
    report(
      [...path, only === undefined ? 'except' : 'only'],
      `variant ${name} has no topology left`,
      'keep at least one',
    )
  return kept
}

/** Reports a variant that sets the deployer, which belongs to the sweep. */
export function reportOtherDeployer(name: string, { deploy }: RawVariant, { report }: SectionContext): void {
  if (deploy === undefined || !Object.hasOwn(deploy, 'with')) return
  report(
    ['variants', name, 'deploy', 'with'],
    `variant ${name} sets deploy.with, but all variants have the deployer of the sweep`,
    'remove it; to compare deployers, write a sweep for each and run fulcrum compare',
    'key',
  )
}

/** Returns a report for a variant's document that translates paths and keys to those in the file. */
export function reportOfVariant(name: string, variant: RawVariant, report: Report): Report {
  return (path, wrong, right, at) => {
    const place = placeInFile(name, variant, path)
    const keys = pathText(path)
    const said = place !== path && wrong.startsWith(keys) ? pathText(place) + wrong.slice(keys.length) : wrong
    report(place, said, right, at)
  }
}

/** Like {@link reportOfVariant}, for findings of checks. */
export function findingsOf(name: string, variant: RawVariant, { refuse, warn }: Findings): Findings {
  const toFile =
    (tell: Tell): Tell =>
    (place, wrong, right) =>
      tell(place.kind === 'file' ? place : { ...place, path: placeInFile(name, variant, place.path) }, wrong, right)
  return { refuse: toFile(refuse), warn: toFile(warn) }
}
