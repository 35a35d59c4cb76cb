import type { ShardJob, ShardSettings } from '../../generators/shards/launch.ts'
import type { GeneratorName } from '../../model/index.ts'
import { existing, fromFile, type SectionContext, seconds } from '../../yaml/section-context.ts'
import { baseUrlOf } from '../../yaml/url.ts'
import type { RawJob, RawShards } from '../schema/generator.ts'
import type { RawSweep } from '../schema/sweep.ts'
import type { Sweep } from '../sweep.ts'

/** The generator and its program. A command with a slash is a path relative to the sweep file, one without is looked up on PATH when it runs. */
export function readGenerator(
  raw: RawSweep['generator'],
  context: SectionContext,
): { name: GeneratorName; settings: Sweep['generatorSettings'] } {
  if (typeof raw === 'string') return { name: raw, settings: { args: [] } }
  const { name, command, args } = raw
  const shards = raw.shards === undefined ? {} : { shards: readShards(raw.shards, context) }
  if (name !== 'built-in' && raw.shards !== undefined) {
    context.report(['generator', 'shards'], `${name} can’t be split over processes`, 'write name: built-in')
  }
  if (name === 'built-in' && (command !== undefined || args.length > 0)) {
    context.report(['generator'], 'the built-in generator takes neither command nor args', 'write generator: built-in')
  }
  if (command === undefined) return { name, settings: { args, ...shards } }
  const program = command.includes('/') ? existing(context, ['generator', 'command'], command, 'file') : command
  return { name, settings: { command: program, args, ...shards } }
}

/** Relative paths in `launch_args` are of the sweep file's folder; the command is the other host's and stays as it is. */
function readShards(raw: RawShards, context: SectionContext): ShardSettings {
  if (typeof raw === 'number') return { count: raw, hosts: [], launcher: 'ssh', launcherArgs: [] }
  const { count, hosts, launch, launch_args: launcherArgs, command, job } = raw
  if (job !== undefined && (hosts.length > 0 || launch !== undefined || launcherArgs.length > 0)) {
    const wrong = 'shards of a Job are started by Kubernetes, not on hosts of yours'
    context.report(['generator', 'shards', 'job'], wrong, 'remove hosts, launch and launch_args, or job')
  }
  const remoteOnly = launch !== undefined ? 'launch' : launcherArgs.length > 0 ? 'launch_args' : undefined
  if (hosts.length === 0 && remoteOnly !== undefined) {
    const path = ['generator', 'shards', remoteOnly]
    context.report(path, `${remoteOnly} is how shards get to other hosts, and no hosts are named`, 'write hosts: […]')
  }
  if (count < hosts.length) {
    const wrong = `${count} shards leave some of the ${hosts.length} hosts idle`
    context.report(['generator', 'shards', 'count'], wrong, `write ${hosts.length} or more, or name fewer hosts`)
  }
  return {
    count,
    hosts,
    launcher: launch ?? 'ssh',
    launcherArgs: launcherArgs.map(argument => (/^\.{1,2}\//.test(argument) ? fromFile(context, argument) : argument)),
    ...(command === undefined ? {} : { command }),
    ...(job === undefined ? {} : { job: readJob(job, context) }),
  }
}

function readJob(raw: RawJob, context: SectionContext): ShardJob {
  const { image, url, kubeconfig, context: contextName, namespace, resources } = raw
  return {
    image,
    resources: {
      ...(resources.requests === undefined ? {} : { requests: amountsOf(resources.requests) }),
      ...(resources.limits === undefined ? {} : { limits: amountsOf(resources.limits) }),
    },
    nodeSelector: raw.node_selector,
    tolerations: raw.tolerations,
    imagePullSecrets: raw.image_pull_secrets,
    deadlineS: seconds(raw.deadline),
    startTimeoutS: seconds(raw.start_timeout),
    ...(url === undefined ? {} : { url: baseUrlOf(url, ['generator', 'shards', 'job', 'url'], context) }),
    ...(kubeconfig === undefined
      ? {}
      : { kubeconfig: existing(context, ['generator', 'shards', 'job', 'kubeconfig'], kubeconfig, 'file') }),
    ...(contextName === undefined ? {} : { context: contextName }),
    ...(namespace === undefined ? {} : { namespace }),
  }
}

/** `cpu: 4` is as good as `cpu: "4"`. */
function amountsOf(raw: { readonly [resource: string]: string | number }): { readonly [resource: string]: string } {
  return Object.fromEntries(Object.entries(raw).map(([resource, amount]) => [resource, String(amount)]))
}
