import { type Addresses, type Check, examineMachine } from '../deploy/doctor.ts'
import type { Length } from '../point/index.ts'
import { loadSweep } from '../sweep/load-sweep.ts'

export type { Addresses, Check }

/**
 * Checks this machine, and what else is named, against what a sweep needs; against nothing in particular when no file is given.
 * @param addresses what runs already and is to be looked at, too
 */
export async function examine(file?: string, addresses: Addresses = {}): Promise<readonly Check[]> {
  if (file === undefined) return examineMachine(null, addresses)
  const sweep = await loadSweep(file)
  const highest = Math.max(1, ...sweep.loads.map(({ level }) => (level.kind === 'concurrency' ? level.concurrency : (level.maxConcurrency ?? 1))))
  const needs = {
    deploy: sweep.deploy,
    model: sweep.model.name,
    generator: sweep.generator,
    command: sweep.generatorSettings.command,
    concurrency: highest,
    ...(sweep.generatorSettings.shards === undefined ? {} : { shards: sweep.generatorSettings.shards }),
  })
}
