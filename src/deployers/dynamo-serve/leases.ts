import type { Registration } from './registry.ts'

/** Workers of one service that came up together, and the leases that came with them: whose is whose, nobody says. */
export interface LeaseGroup<Worker> {
  readonly workers: readonly Worker[]
  readonly leases: readonly string[]
}

/**
 * Groups of what a change has started, from the registrations that came with it; a service that has too few or many is
 * left out.
 */
export function groupsOf<Worker>(
  started: readonly Worker[],
  fresh: readonly Registration[],
  serviceOf: (worker: Worker) => string,
): readonly LeaseGroup<Worker>[] {
  return [...Map.groupBy(started, serviceOf)].flatMap(([service, workers]) => {
    const leases = [...new Set(fresh.filter(one => one.service === service).map(({ lease }) => lease))]
    return leases.length === workers.length ? [{ workers, leases }] : []
  })
}

/** Leases that were ended workers' and nobody else's: those of groups of which no worker is left. */
export function leasesOfEnded<Worker>(
  groups: readonly LeaseGroup<Worker>[],
  ended: (worker: Worker) => boolean,
): readonly string[] {
  return groups.filter(({ workers }) => workers.every(ended)).flatMap(({ leases }) => leases)
}

/** The groups without what has ended: its leases have run out, and those that are still listed are the others'. */
export function remaining<Worker>(
  groups: readonly LeaseGroup<Worker>[],
  ended: (worker: Worker) => boolean,
  listed: readonly Registration[],
): readonly LeaseGroup<Worker>[] {
  const held = new Set(listed.map(({ lease }) => lease))
  return groups.flatMap(group => {
    const workers = group.workers.filter(worker => !ended(worker))
    const leases = group.leases.filter(lease => held.has(lease))
    return workers.length > 0 && workers.length === leases.length ? [{ workers, leases }] : []
  })
}
