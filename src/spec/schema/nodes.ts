import { z } from 'zod'
import { duration, field, positiveInt } from '../../yaml/field.ts'

const hostName = z.string().regex(/^[A-Za-z0-9_][^\s]*$/)
const address = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.:-]*$/)
const words = z.array(z.string())

/** Machines that workers are placed on. */
export const nodes = field(
  z
    .array(
      z.union([
        hostName,
        z.strictObject({
          name: hostName,
          address: address.optional(),
          gpus: z.union([positiveInt, z.array(z.int().min(0)).min(1)]).optional(),
        }),
      ]),
    )
    .min(1),
  'Nodes that workers run on, as ssh knows them: a name takes one worker, `{ name, gpus }` as many as its GPUs (a number, or indices) hold. `address` is where the others reach it; default: what ssh connects to.',
  'write a list of host names, or of { name: node1, address: 10.0.0.1, gpus: 4 }',
)

export const head = field(
  address,
  'Address of this machine that the nodes reach: NATS, etcd and the response stream listen there.',
  'write an address of this machine such as 10.0.0.1',
)

export const ssh = field(
  z.strictObject({
    config: z.string().min(1).optional(),
    options: z.record(z.string().regex(/^[A-Za-z]+$/), z.union([z.string(), z.number()])).default({}),
  }),
  'How ssh is called: `config` is read instead of ~/.ssh/config (relative to this file), `options` are given as `-o NAME=VALUE`.',
  'write { config: PATH, options: { User: me, Port: 22 } }',
)

const containerFields = {
  image: z.string().min(1),
  runtime: z.enum(['docker', 'podman']).default('docker'),
  args: words.default([]),
}

export const container = field(
  z.strictObject({ ...containerFields, python: z.string().min(1).default('python3') }),
  'Workers run in containers: `docker run --rm --init --gpus all --network host`, `args`, `image`, and `python` (default `python3`) in it.',
  'write { image: dynamo:latest-tensorrtllm, args: [-v, /tmp/hf_cache:/root/.cache/huggingface] }',
)

export const serveContainer = field(
  z.strictObject({
    ...containerFields,
    dynamo: z.string().min(1).default('dynamo'),
    workdir: z.string().min(1).default('/workspace/examples/tensorrt_llm'),
  }),
  'Every `dynamo serve` runs in a container: `docker run --rm --init --gpus all --network host`, `args`, `image`, and in it `dynamo` (default `dynamo`) in the folder `workdir` (default `/workspace/examples/tensorrt_llm`).',
  'write { image: dynamo:latest-tensorrtllm, args: [-v, /tmp/hf_cache:/root/.cache/huggingface] }',
)

/** What only an allocation of Slurm needs. */
export const slurmFields = {
  nodes: field(positiveInt, 'Nodes to ask for.', 'write a number of nodes'),
  gpus_per_node: field(
    positiveInt,
    'GPUs to ask for on each node, handed out to its workers. Default: none are asked for, and a node takes one worker.',
    'write the GPUs of one node, such as 4',
  ).optional(),
  partition: field(z.string().min(1), 'Partition.', 'write a partition’s name').optional(),
  account: field(z.string().min(1), 'Account that is charged.', 'write an account’s name').optional(),
  time: field(
    z.string().regex(/^(\d+-)?\d+(:\d+){0,2}$/),
    'Time limit of the allocation as Slurm writes it. Default: the partition’s.',
    'write minutes, or hours:minutes:seconds such as "2:00:00", in quotes',
  ).optional(),
  queue_timeout: field(
    duration,
    'How long the allocation may wait in the queue. Default: `1h`.',
    'write a duration such as 30m',
  ).default('1h'),
  salloc_args: field(
    words,
    'More arguments of salloc, after Fulcrum’s own; `--exclusive` is one of those.',
    'write a list of arguments',
  ).default([]),
  srun_args: field(
    words,
    'More arguments of each srun, such as `--mpi=pmix` or `--container-image=…`.',
    'write a list of arguments',
  ).default([]),
  keep_slurm_variables: field(
    z.boolean(),
    'Leaves SLURM_JOBID, SLURM_JOB_ID and SLURM_NODELIST to workers, which breaks MPI spawn of TensorRT-LLM. Default: `false`.',
    'write true or false',
  ).default(false),
}

export const slurmAllocation = field(
  z.strictObject(slurmFields),
  'Workers are steps of a Slurm allocation: what to ask for, with the keys of `with: slurm`.',
  'write { nodes: 2, gpus_per_node: 4, partition: batch, time: "2:00:00" }',
)
