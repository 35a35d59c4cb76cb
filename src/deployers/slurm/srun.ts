import { guarded } from '../launch/guard.ts'
import type { Launcher, Wrapping } from '../launch/launcher.ts'

/** Variables that make MPI take an engine's own start for a launch by Slurm; the guide unsets them. */
export const mpiBreakers = ['SLURM_JOBID', 'SLURM_JOB_ID', 'SLURM_NODELIST'] as const

/** A node of a Slurm allocation. */
export interface StepPlace {
  readonly job: string
  readonly node: string
  /** The user's own, such as `--mpi=pmix` or `--container-image=…`. */
  readonly args: readonly string[]
}

/**
 * Runs tasks as steps of an allocation: the guide's way around failures of MPI spawn. Steps overlap, since each is
 * given its GPUs by name and none must wait for another's cores; nor is it bound to one core, the share of a single
 * task.
 */
export function asStep({ job, node, args }: StepPlace, wrapping: Wrapping): Launcher {
  const where = [
    `--jobid=${job}`,
    '--overlap',
    '--nodes=1',
    '--ntasks=1',
    `--nodelist=${node}`,
    '--cpu-bind=none',
    '--unbuffered',
  ]
  return task => ({
    argv: ['srun', ...where, `--job-name=${task.name}`, ...args, ...guarded(task, wrapping)],
    env: {},
    files: [],
    endsBy: 'stdin',
  })
}
