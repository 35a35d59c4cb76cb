import { guarded } from '../launch/guard.ts'
import type { Launch, Launcher, Wrapping } from '../launch/launcher.ts'
import type { RankTask } from '../nodes/nodes.ts'

/** Variables that make MPI take an engine's own start for a launch by Slurm; the guide unsets them. */
export const mpiBreakers = ['SLURM_JOBID', 'SLURM_JOB_ID', 'SLURM_NODELIST'] as const

/** A node of a Slurm allocation. */
export interface StepTarget {
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
export function asStep({ job, node, args }: StepTarget, wrapping: Wrapping): Launcher {
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

/** Runs the command that is meant for its node: name, number of words and words of each come as arguments. */
const dispatch = `
while [ $# -gt 1 ]; do
  node=$1 count=$2; shift 2
  [ "$node" = "$SLURMD_NODENAME" ] && exec "\${@:1:count}"
  shift "$count"
done
echo "there is no rank for node $SLURMD_NODENAME" >&2
exit 64
`.trim()

/**
 * Runs the ranks of one worker as one step over their nodes. It ends as a whole when one of its tasks fails, and says
 * before each line which task it is from.
 */
export function asGangStep(
  { job, args }: Pick<StepTarget, 'job' | 'args'>,
  name: string,
  ranks: readonly RankTask[],
  { tasksPerNode, isMpi }: { readonly tasksPerNode: number; readonly isMpi: boolean },
  wrapping: Wrapping,
): Launch {
  const chosen = args.some(arg => arg.startsWith('--mpi'))
  const where = [
    `--jobid=${job}`,
    '--overlap',
    `--nodes=${ranks.length}`,
    `--ntasks=${ranks.length * tasksPerNode}`,
    `--ntasks-per-node=${tasksPerNode}`,
    `--nodelist=${ranks.map(({ host }) => host).join(',')}`,
    '--cpu-bind=none',
    '--unbuffered',
    '--label',
    '--kill-on-bad-exit=1',
    ...(isMpi && !chosen ? ['--mpi=pmix'] : []),
  ]
  const blocks = ranks.flatMap(({ host, task }) => {
    const words = guarded(task, wrapping)
    return [host, String(words.length), ...words]
  })
  return {
    argv: ['srun', ...where, `--job-name=${name}`, ...args, 'bash', '-c', dispatch, 'ranks', ...blocks],
    env: {},
    files: [],
    endsBy: 'stdin',
  }
}
