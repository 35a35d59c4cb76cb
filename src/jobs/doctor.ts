import { type Check, examineMachine } from '../deploy/doctor.ts'
import { loadSweep } from '../sweep/load-sweep.ts'

export type { Check }

/** Checks this machine against what a sweep needs; against nothing in particular when no file is given. */
export async function examine(file?: string): Promise<readonly Check[]> {
  if (file === undefined) return examineMachine(null)
  const sweep = await loadSweep(file)
  const highest = Math.max(1, ...sweep.loads.map(({ level }) => (level.kind === 'concurrency' ? level.concurrency : 1)))
  return examineMachine({
    deploy: sweep.deploy,
    model: sweep.model.name,
    generator: sweep.generator,
    command: sweep.generatorSettings.command,
    concurrency: highest,
    ...(sweep.generatorSettings.shards === undefined ? {} : { shards: sweep.generatorSettings.shards }),
  })
}
