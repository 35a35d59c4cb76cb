import type { Run } from '../../journal/run.ts'
import { canonicalJson, type Load } from '../../point/index.ts'
import { originOf } from '../origin.ts'

/** Something that differs between two runs besides what was measured. */
export interface EnvironmentDifference {
  readonly what: string
  readonly base: string
  readonly head: string
  /** `subject`: what a comparison is usually about (revision, versions). `conditions`: makes the comparison itself doubtful. */
  readonly kind: 'subject' | 'conditions'
}

/** Every difference of environment, doubtful ones first. */
export function environmentDifferences(base: Run, head: Run): readonly EnvironmentDifference[] {
  const b = base.manifest
  const h = head.manifest
  const facts: (readonly [string, EnvironmentDifference['kind'], string, string])[] = [
    ['host', 'conditions', b.host.name, h.host.name],
    ['CPU', 'conditions', `${b.host.cpu}, ${b.host.cores} cores`, `${h.host.cpu}, ${h.host.cores} cores`],
    ['memory', 'conditions', `${Math.round(b.host.memoryGib)} GiB`, `${Math.round(h.host.memoryGib)} GiB`],
    ['operating system', 'conditions', b.host.os, h.host.os],
    ...(['model', 'load generator', 'requests', 'warm-up', 'SLO', 'validity limits'] as const).map(
      what => [what, 'conditions', asked(base, what), asked(head, what)] as const,
    ),
    ['GPUs per worker', 'conditions', gpus(base), gpus(head)],
    ['deployer', 'conditions', originOf(b).deployer, originOf(h).deployer],
    ['deployed', 'subject', originOf(b).about, originOf(h).about],
    ['git revision', 'subject', revision(base), revision(head)],
    ...[...new Set([...Object.keys(b.versions), ...Object.keys(h.versions)])].map(
      system =>
        [`${system} version`, 'subject', b.versions[system] ?? 'absent', h.versions[system] ?? 'absent'] as const,
    ),
  ]
  return (
    facts
      // Nothing measured says nothing of what it was measured with.
      .filter(([, , before, after]) => before !== after && before !== '' && after !== '')
      .map(([what, kind, before, after]) => ({ what, kind, base: before, head: after }))
      .sort((one, other) => Number(one.kind === 'subject') - Number(other.kind === 'subject'))
  )
}

/** The distinct values that a run's points have of something, in a stable order. */
function distinct(run: Run, of: (result: Run['results'][number]) => string | null): string {
  return [...new Set(run.results.map(of).filter(value => value !== null))].sort().join(', ')
}

function asked(
  run: Run,
  what: 'model' | 'load generator' | 'requests' | 'warm-up' | 'SLO' | 'validity limits',
): string {
  return distinct(run, ({ point, measurement }) => {
    switch (what) {
      case 'model':
        return point.deployment.model.name
      case 'load generator':
        return measurement === null ? null : `${measurement.generator.name} ${measurement.generator.version}`
      case 'SLO':
        return canonicalJson(point.slo)
      case 'validity limits':
        return canonicalJson(point.limits)
      case 'requests':
        return requestsOf(point.load)
      case 'warm-up':
        return perConcurrency(point.load.warmup, point.load.level)
    }
  })
}

/** The number or time that ends a point, or the rule that does. */
function requestsOf({ requests, durationS, auto, level }: Load): string {
  const most = perConcurrency(requests ?? durationS, level)
  return auto === undefined ? most : `auto (${perConcurrency(auto.min, level)} to ${most}, ${auto.precision * 100}%)`
}

/** `10x` where the number is a multiple of the concurrency, so that sweeps over different loads compare. */
function perConcurrency(
  value: number | undefined,
  level: { readonly kind: string; readonly concurrency?: number },
): string {
  if (value === undefined) return 'default'
  if (level.kind === 'concurrency' && level.concurrency !== undefined && value % level.concurrency === 0)
    return `${value / level.concurrency}x`
  return String(value)
}

const gpus = (run: Run) => distinct(run, ({ point }) => canonicalJson(point.deployment.gpusPerWorker))

function revision({ manifest: { git } }: Run): string {
  return git === null ? 'none' : `${git.revision.slice(0, 12)}${git.dirty ? ' with uncommitted changes' : ''}`
}
