import type { FailedPart } from '../../process/process.ts'
import { guarded } from '../launch/guard.ts'
import type { Launch, Launcher, Wrapping } from '../launch/launcher.ts'
import type { RankTask } from '../nodes/nodes.ts'

/** Variables that make MPI mistake an engine's own start for a launch by Slurm; the guide unsets them. */
export const mpiBreakers = ['SLURM_JOBID', 'SLURM_JOB_ID', 'SLURM_NODELIST'] as const

/** A node of a Slurm allocation. */
export interface StepTarget {
  readonly job: string
  readonly node: string
  /** The user's own arguments, such as `--mpi=pmix` or `--container-image=…`. */
  readonly args: readonly string[]
}

/**
 * Runs tasks as steps of an allocation, the guide's workaround for failures of MPI spawn. Steps overlap, because each
 * has its GPUs assigned by index and none must wait for another's cores. They are not bound to one core, which is the
 * default share of a single task.
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

/** Runs the command for its node; receives each node's name, number of words and words as arguments. */
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
 * Runs the ranks of one worker as a single step over their nodes. The whole step ends if one of its tasks fails. Each
 * output line is prefixed with its task.
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
    partFailedIn: failedTask,
  }
}

/**
 * Reads the failure of a task or a node from a line of `srun --label`. The first one is the cause: Slurm then ends the
 * other tasks, which takes seconds, and reports these as well.
 */
export function failedTask(line: string): FailedPart | null {
  const [, nodes = '', tasks = '', how = ''] = /^srun: error: (\S+): tasks? ([\d,-]+): (.+)$/.exec(line) ?? []
  const numbers = tasksIn(tasks)
  const [only] = numbers
  if (only !== undefined) {
    return {
      what: `rank${numbers.length === 1 ? '' : 's'} ${tasks} on ${nodes}: ${how}`,
      isFrom: said => numbers.some(number => new RegExp(`^\\s*${number}: `).test(said)),
    }
  }
  const node = /^srun: error: Node failure on (\S+)/.exec(line)?.[1]
  return node === undefined ? null : { what: `its ranks on ${node}: the node failed`, isFrom: () => false }
}

/** `0-2,5` → 0, 1, 2, 5 */
function tasksIn(list: string): readonly number[] {
  return list.split(',').flatMap(range => {
    const [first = '', last = first] = range.split('-')
    if (first === '') return []
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i)
  })
}
