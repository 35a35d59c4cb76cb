import type { AllocationConfig } from './keys.ts'

/** Prints its job, then waits for its input to end, so that the allocation is released even if Fulcrum is killed. */
const holder = `echo "$SLURM_JOB_ID $SLURM_JOB_NODELIST"; exec cat >/dev/null`

/**
 * Requests and holds an allocation. It requests whole nodes by default, because other jobs on a node would affect
 * measurements. If a node fails, the others are kept.
 */
export function allocationCommand(config: AllocationConfig, name: string): readonly [string, ...string[]] {
  return ['salloc', `--job-name=${name}`, ...allocationArguments(config), ...['bash', '-c', holder]]
}

/** Arguments of the request. */
export function allocationArguments(config: AllocationConfig): readonly string[] {
  const { nodes, gpus_per_node: gpusPerNode, partition, account, time, salloc_args: sallocArgs } = config
  return [
    `--nodes=${nodes}`,
    ...(gpusPerNode === undefined ? [] : [`--gpus-per-node=${gpusPerNode}`]),
    '--exclusive',
    '--no-kill',
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...sallocArgs,
  ]
}
