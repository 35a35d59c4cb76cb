import { z } from 'zod'
import { duration, field, json, positiveInt } from '../../yaml/field.ts'

const name = z.enum(['built-in', 'genai-perf', 'aiperf'])

const count = field(
  positiveInt.max(1000),
  'Processes that each point’s load is split over.',
  'write a whole number from 1',
)

const amounts = z.record(z.string(), z.union([z.string().min(1), z.number().positive()]))

const job = field(
  z.strictObject({
    image: field(
      z.string().regex(/^[^\s]+$/),
      'Container image with this very version of Fulcrum, its entry point `fulcrum` (else say `command`).',
      'write the name of an image such as registry.example/fulcrum:0.2.0',
    ),
    url: field(
      z.string().regex(/^https?:\/\/[^\s]+$/),
      'Base URL of the endpoint as pods reach it. Default: for `with: kubernetes` the service that Dynamo’s operator makes for the frontend, else the deployment’s own URL.',
      'write a URL such as http://deepseek-r1-frontend.llm:8000',
    ).optional(),
    kubeconfig: field(
      z.string().min(1),
      'A kubeconfig file, relative to this file. Default: `deploy`’s, else KUBECONFIG, ~/.kube/config, or the pod’s service account.',
      'write the path of a kubeconfig file',
    ).optional(),
    context: field(
      z.string().min(1),
      'Context of the kubeconfig. Default: `deploy`’s, else its current one.',
      'write the name of a context',
    ).optional(),
    namespace: field(
      z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
      'Namespace of the Job. Default: that of the deployment, else the context’s.',
      'write a namespace in lower case',
    ).optional(),
    resources: field(
      z.strictObject({ requests: amounts.optional(), limits: amounts.optional() }),
      'Resources of each pod, as Kubernetes writes them. Ask for whole CPUs: a throttled shard is late.',
      'write { requests: { cpu: 4, memory: 2Gi }, limits: { cpu: 4, memory: 2Gi } }',
    ).default({}),
    node_selector: field(
      z.record(z.string(), z.string()),
      'Labels of the nodes that pods may run on: not the workers’ own, best.',
      'write a map of labels such as { pool: load }',
    ).default({}),
    tolerations: field(
      z.array(json),
      'Tolerations of the pods, as Kubernetes writes them.',
      'write a list such as [{ key: load, operator: Exists }]',
    ).default([]),
    image_pull_secrets: field(
      z.array(z.string().min(1)),
      'Names of Secrets with the registry’s credentials.',
      'write a list of names',
    ).default([]),
    deadline: field(
      duration,
      'The cluster ends the Job after so long, whatever becomes of Fulcrum; the next point then gets a new one. Default: `24h`.',
      'write a duration such as 12h',
    ).default('24h'),
    start_timeout: field(
      duration,
      'How long the pods may take to start, pulling the image included. Default: `5m`.',
      'write a duration such as 10m',
    ).default('5m'),
  }),
  'Shards are pods of an Indexed Job of Kubernetes: load from inside the cluster.',
  'write { image: registry.example/fulcrum:0.2.0 }',
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
        'How Fulcrum is started on a host, or in the pods of `job`. Default: the node and the path of this one, as on a shared file system; in a pod the image’s entry point.',
        'write a list such as [/opt/node/bin/node, /opt/fulcrum/bin/fulcrum.js]',
      ).optional(),
      job: job.optional(),
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
export type RawJob = z.output<typeof job>
