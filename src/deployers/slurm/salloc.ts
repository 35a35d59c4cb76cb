import type { AllocationConfig } from './keys.ts'

/**
 * Says which job it is on, then waits for the end of its input: the allocation is given back even when Fulcrum is
 * killed.
 */
const holder = `echo "$SLURM_JOB_ID $SLURM_JOB_NODELIST"; exec cat >/dev/null`

/**
 * Asks for an allocation and holds it: whole nodes unless told otherwise, since others on a node would be measured too.
 * When a node fails, the others are kept.
 */
export function allocationCommand(config: AllocationConfig, name: string): readonly [string, ...string[]] {
  return ['salloc', `--job-name=${name}`, ...allocationArguments(config), ...['bash', '-c', holder]]
}

/** What is asked for. */
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
