import { z } from 'zod'
import { field, positiveInt } from './field.ts'

const name = z.enum(['built-in', 'genai-perf', 'aiperf'])

const count = field(
  positiveInt.max(1000),
  'Processes that each point’s load is split over.',
  'write a whole number from 1',
)

const shards = field(
  z.union([
    count,
    z.strictObject({
      count,
      hosts: field(
        z.array(z.string().regex(/^[^-\s]\S*$/)),
        'Hosts that the processes are started on, in turns; Fulcrum has to be installed there. Default: this machine.',
        'write a list of host names',
      ).default([]),
      launch: field(
        z.union([z.enum(['ssh', 'srun']), z.array(z.string().min(1)).min(1)]),
        'How a process is started on a host: `ssh`, `srun`, or the command of another launcher that passes on standard input and output, with `{host}` for the host. Default: `ssh`.',
        "write ssh, srun, or a command such as [kubectl, exec, -i, '{host}', --]",
      ).optional(),
      launch_args: field(
        z.array(z.string()),
        'Arguments added to the launcher’s own.',
        'write a list of strings such as [-F, ./ssh_config]',
      ).default([]),
      command: field(
        z.array(z.string().min(1)).min(1),
        'How Fulcrum is started on a host. Default: the node and the path of this one, as on a shared file system.',
        'write a list such as [/opt/node/bin/node, /opt/fulcrum/bin/fulcrum.js]',
      ).optional(),
    }),
  ]),
  'Splits each point’s load over processes, on this machine or on others: a number, or where and how they are started. Built-in generator only.',
  'write a whole number from 1, or { count: 4, hosts: [load-1, load-2] }',
)

export const generatorSchema = field(
  z.union([
    name,
    z.strictObject({
      name,
      command: field(
        z.string().min(1),
        'The generator’s program: a path (relative to this file), or a name on PATH. Default: the generator’s own name.',
        'write the path of the program, such as .venv/bin/genai-perf',
      ).optional(),
      args: field(
        z.array(z.string()),
        'Arguments added to the generator’s command line as they are.',
        'write a list of strings',
      ).default([]),
      shards: shards.optional(),
    }),
  ]),
  'Which generator loads the points. Default: `built-in`.',
  'write built-in, genai-perf, aiperf, or { name: …, command: …, args: […] }, or { name: built-in, shards: … }',
)

export type RawShards = z.output<typeof shards>
