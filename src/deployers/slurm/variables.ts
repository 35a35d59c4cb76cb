import { type Check, missed } from '../doctor/check.ts'
import { mpiBreakers } from './srun.ts'

/** Inside a Slurm job, MPI mistakes an engine's own start for a launch by Slurm (the guide's MPI spawn failure). */
export function slurmVariables(env: NodeJS.ProcessEnv = process.env): readonly Check[] {
  const set = mpiBreakers.filter(name => env[name] !== undefined)
  if (set.length === 0) return []
  const remedy = `unset ${set.join(' ')}, or have srun launch the workers: with: slurm`
  return [missed('slurm variables', `${set.join(', ')} are set, which breaks MPI spawn`, remedy)]
}
