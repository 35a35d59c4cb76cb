import { z } from 'zod'
import { counted, defined } from '../../model/index.ts'
import { field, json, positiveInt } from '../../yaml/field.ts'
import { baseUrl, durationInSeconds, filePath } from '../../yaml/kinds.ts'
import type { Path } from '../../yaml/problem.ts'
import { reading } from '../../yaml/reading.ts'
import { fromFile, type SectionContext } from '../../yaml/section-context.ts'
import type { ShardJob, ShardSettings } from './launch.ts'

const count = field(
  positiveInt.max(1000),
  'Number of processes to split the load of each point over.',
  'write a whole number from 1',
)

/** Accepts `cpu: 4` as well as `cpu: "4"`. */
const amounts = reading(
  z.record(z.string(), z.union([z.string().min(1), z.number().positive()])),
  (raw): { readonly [resource: string]: string } =>
    Object.fromEntries(Object.entries(raw).map(([resource, amount]) => [resource, String(amount)])),
)

const jobKeys = z.strictObject({
  image: field(
    z.string().regex(/^[^\s]+$/),
    'Container image with this version of Fulcrum and the entry point `fulcrum` (otherwise set `command`).',
    'write the name of an image such as registry.example/fulcrum:0.2.0',
  ),
  url: field(
    baseUrl,
    'Base URL by which pods reach the endpoint. Default: with `with: kubernetes`, the service that Dynamo’s operator creates for the frontend; otherwise the deployment’s own URL.',
    'write a URL such as http://deepseek-r1-frontend.llm:8000',
  ).optional(),
  kubeconfig: field(
    filePath,
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
    'Resources of each pod, in Kubernetes notation. Request whole CPUs, because a throttled shard sends late.',
    'write { requests: { cpu: 4, memory: 2Gi }, limits: { cpu: 4, memory: 2Gi } }',
  ).default({}),
  node_selector: field(
    z.record(z.string(), z.string()),
    'Labels of the nodes that pods may run on. If possible, not the nodes of the workers.',
    'write a map of labels such as { pool: load }',
  ).default({}),
  tolerations: field(
    z.array(json),
    'Tolerations of the pods, in Kubernetes notation.',
    'write a list such as [{ key: load, operator: Exists }]',
  ).default([]),
  image_pull_secrets: field(
    z.array(z.string().min(1)),
    'Names of Secrets with the registry’s credentials.',
    'write a list of names',
  ).default([]),
  deadline: field(
    durationInSeconds,
    'Deadline after which the cluster ends the Job, even if Fulcrum is gone. The next point then gets a new Job. Default: `24h`.',
    'write a duration such as 12h',
  ).prefault('24h'),
  start_timeout: field(
    durationInSeconds,
    'How long the pods may take to start, including pulling the image. Default: `5m`.',
    'write a duration such as 10m',
  ).prefault('5m'),
})

const job = field(
  reading(jobKeys, readJob),
  'Runs the shards as pods of a Kubernetes Indexed Job, to generate the load inside the cluster.',
  'write { image: registry.example/fulcrum:0.2.0 }',
)

const placedShards = z.strictObject({
  count,
  hosts: field(
    z.array(z.string().regex(/^[^-\s]\S*$/)).min(1),
    'Hosts on which to start the processes, in turn. They need an installed Fulcrum. Default: this machine.',
    'write a list of host names',
  ).optional(),
  launch: field(
    z.union([z.enum(['ssh', 'srun']), z.array(z.string().min(1)).min(1)]),
    'How a process is started on a host: `ssh`, `srun`, or the command of another launcher that forwards standard input and output, with `{host}` in place of the host. Default: `ssh`.',
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
})

/** The key `shards` of generators whose load can be split. */
export const shardsKey = field(
  z.union([reading(count, onThisMachine), reading(placedShards, readShards)]),
  'Splits each point’s load over processes, on this machine or on others: a number, or where and how they are started. Built-in generator only.',
  'write a whole number from 1, or { count: 4, hosts: [load-1, load-2] }',
)

function onThisMachine(count: number): ShardSettings {
  return { count, hosts: [], launcher: 'ssh', launcherArgs: [] }
}

/**
 * Relative paths in `launch_args` are relative to the sweep file's folder. The command belongs to the other host and
 * stays unchanged.
 */
function readShards(raw: z.output<typeof placedShards>, context: SectionContext, path: Path): ShardSettings {
  const { count, hosts = [], launch, launch_args: launcherArgs, command, job } = raw
  if (job !== undefined && (hosts.length > 0 || launch !== undefined || launcherArgs.length > 0)) {
    const wrong = 'shards of a Job are started by Kubernetes, not on hosts of yours'
    context.report([...path, 'job'], wrong, 'remove hosts, launch and launch_args, or job')
  }
  const remoteOnly = launch !== undefined ? 'launch' : launcherArgs.length > 0 ? 'launch_args' : undefined
  if (hosts.length === 0 && remoteOnly !== undefined) {
    const wrong = `${remoteOnly} is how shards get to other hosts, and no hosts are named`
    context.report([...path, remoteOnly], wrong, 'write hosts: […]')
  }
  if (count < hosts.length) {
    const wrong = `${counted(count, 'shard')} ${count === 1 ? 'leaves' : 'leave'} some of the ${hosts.length} hosts idle`
    context.report([...path, 'count'], wrong, `write ${hosts.length} or more, or name fewer hosts`)
  }
  return {
    count,
    hosts,
    launcher: launch ?? 'ssh',
    launcherArgs: launcherArgs.map(argument => (/^\.{1,2}\//.test(argument) ? fromFile(context, argument) : argument)),
    ...defined({ command, job }),
  }
}

function readJob(raw: z.output<typeof jobKeys>): ShardJob {
  const { image, url, kubeconfig, context, namespace, resources } = raw
  return {
    image,
    resources: {
      ...defined({ requests: resources.requests, limits: resources.limits }),
    },
    nodeSelector: raw.node_selector,
    tolerations: raw.tolerations,
    imagePullSecrets: raw.image_pull_secrets,
    deadlineS: raw.deadline,
    startTimeoutS: raw.start_timeout,
    ...defined({ url, kubeconfig, context, namespace }),
  }
}
