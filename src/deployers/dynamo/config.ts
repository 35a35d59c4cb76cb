import { z } from 'zod'
import { moduleList } from '../../engines/index.ts'
import { field } from '../../yaml/field.ts'
import { decisive, operational, type ReadKeys } from '../../yaml/keys.ts'
import { program } from '../../yaml/kinds.ts'
import { environment, httpPort, programArguments, readyTimeout, serviceUrl } from '../keys.ts'
import { containerKeys, head, nodes, ssh } from '../nodes/keys.ts'

/** Keys of Dynamo's processes, wherever they run. */
export const processKeys = {
  python: decisive(
    field(
      program,
      'Python interpreter that has `dynamo`: a path (relative to this file), or a program on PATH. Default: `python3`.',
      'write the path of a python, such as .venv/bin/python',
    ).prefault('python3'),
  ),
  backend: decisive(
    field(
      z.string().regex(/^[A-Za-z_][\w.]*$/),
      `Worker module, started with \`python -m\`: ${moduleList('`', 'another')}.`,
      `write a Python module such as ${moduleList()}`,
    ),
  ),
  args: decisive(programArguments.prefault({})),
  role_args: decisive(
    field(
      z.strictObject({
        prefill: programArguments.optional(),
        decode: programArguments.optional(),
        aggregated: programArguments.optional(),
      }),
      'Arguments of single roles, added to `args`.',
      'write { prefill: {…}, decode: {…}, aggregated: {…} }',
    ).default({}),
  ),
  frontend_args: decisive(programArguments.prefault({})),
  env: decisive(environment.prefault({})),
  nats: operational(serviceUrl('NATS', 'nats://host:4222').optional()),
  etcd: operational(serviceUrl('etcd', 'http://host:2379').optional()),
  http_port: operational(httpPort.optional()),
  ready_timeout: operational(
    readyTimeout('300s', 'write a duration such as 300s or 20m', '; a large model on real hardware needs more'),
  ),
  container: decisive(
    field(
      z.strictObject({ ...containerKeys, python: z.string().min(1).default('python3') }),
      'Runs workers in containers: `docker run --rm --init --gpus all --network host`, `args`, `image`, and `python` (default `python3`) in it.',
      'write { image: dynamo:latest-tensorrtllm, args: [-v, /tmp/hf_cache:/root/.cache/huggingface] }',
    ).optional(),
  ),
}

/** Configuration of Dynamo's processes, wherever its workers run. */
export type DynamoProcesses = ReadKeys<typeof processKeys>

/** Keys of `deploy` for Dynamo 1.x on this machine or over ssh: those of its processes and those of their machines. */
export const dynamoKeys = {
  ...processKeys,
  gpus: decisive(
    field(
      z.array(z.int().min(0)).min(1),
      'GPU indices to assign to workers through CUDA_VISIBLE_DEVICES. Default: Fulcrum does not set the variable.',
      'write a list of GPU indices such as [0, 1, 2, 3]',
    ).optional(),
  ),
  nodes: decisive(nodes.optional()),
  head: operational(head.optional()),
  ssh: operational(ssh.optional()),
}

/**
 * Dynamo 1.x: NATS, etcd and the frontend as processes on this machine, workers here or on nodes; `ready_timeout` in
 * seconds.
 */
export type DynamoConfig = ReadKeys<typeof dynamoKeys>
