import { z } from 'zod'
import { field, positiveInt } from '../../yaml/field.ts'
import { decisive, operational, type ReadKeys, strictKeys } from '../../yaml/keys.ts'
import { durationInSeconds, words } from '../../yaml/kinds.ts'

/** Keys of the request for a Slurm allocation. */
export const allocationKeys = {
  nodes: decisive(field(positiveInt, 'Number of nodes to request.', 'write a number of nodes')),
  gpus_per_node: decisive(
    field(
      positiveInt,
      'GPUs to request on each node and to assign to its workers. Default: none, and each node runs one worker.',
      'write the GPUs of one node, such as 4',
    ).optional(),
  ),
  partition: decisive(field(z.string().min(1), 'Partition.', 'write a partition’s name').optional()),
  account: operational(field(z.string().min(1), 'Account to charge.', 'write an account’s name').optional()),
  time: operational(
    field(
      z.string().regex(/^(\d+-)?\d+(:\d+){0,2}$/),
      'Time limit of the allocation in Slurm’s notation. Default: the partition’s.',
      'write minutes, or hours:minutes:seconds such as "2:00:00", in quotes',
    ).optional(),
  ),
  queue_timeout: operational(
    field(
      durationInSeconds,
      'How long the allocation may wait in the queue. Default: `1h`.',
      'write a duration such as 30m',
    ).prefault('1h'),
  ),
  salloc_args: decisive(
    field(
      words,
      'Extra arguments for salloc, added after Fulcrum’s own, which include `--exclusive`.',
      'write a list of arguments',
    ).default([]),
  ),
  srun_args: decisive(
    field(
      words,
      'Extra arguments for each srun, such as `--mpi=pmix` or `--container-image=…`.',
      'write a list of arguments',
    ).default([]),
  ),
  keep_slurm_variables: decisive(
    field(
      z.boolean(),
      'Keeps SLURM_JOBID, SLURM_JOB_ID and SLURM_NODELIST in the environment of workers, which breaks MPI spawn of TensorRT-LLM. Default: `false`.',
      'write true or false',
    ).default(false),
  ),
}

/** A Slurm allocation, with workers as its steps; `queue_timeout` in seconds. */
export type AllocationConfig = ReadKeys<typeof allocationKeys>

/** Keys of an allocation as a separate section. */
export const allocation = strictKeys(allocationKeys, 'a Slurm allocation')
