import { fileURLToPath } from 'node:url'
import { type Json, shellCommand } from '../../model/index.ts'

/** How to start processes on other hosts: a known launcher, or a command with the placeholder `{host}`. */
export type Launcher = 'ssh' | 'srun' | readonly string[]

/** Processes over which a point's load is split. */
export interface ShardSettings {
  readonly count: number
  /** Host names to which shards are assigned in turn; this machine if empty. */
  readonly hosts: readonly string[]
  readonly launcher: Launcher
  /** Additional arguments for the launcher (`-F config`, `--partition=…`). */
  readonly launcherArgs: readonly string[]
  /**
   * Command that starts Fulcrum on a host; default: the command used here, or in a Job's pods the image's entry point.
   */
  readonly command?: readonly string[]
  /** Shards are pods of a Kubernetes Indexed Job; hosts and launcher are then ignored. */
  readonly job?: ShardJob
}

/** Pods in which shards run. */
export interface ShardJob {
  /** Container image with the same version of Fulcrum. */
  readonly image: string
  /** The endpoint's base URL as pods reach it; default: from the deployer. */
  readonly url?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
  readonly resources: { readonly requests?: Amounts; readonly limits?: Amounts }
  readonly nodeSelector: { readonly [label: string]: string }
  /** In Kubernetes' format. */
  readonly tolerations: readonly Json[]
  /** Names of Secrets with the registry's credentials. */
  readonly imagePullSecrets: readonly string[]
  /** Deadline in s after which the cluster ends the Job, even if Fulcrum is gone. */
  readonly deadlineS: number
  /** Maximum time in s for its pods to start. */
  readonly startTimeoutS: number
}

type Amounts = { readonly [resource: string]: string }

/** One shard to start. */
export interface ShardLaunch {
  /** For messages. */
  readonly host: string
  readonly argv: readonly [program: string, ...args: string[]]
}

/** Command of each shard. */
export function shardLaunches(settings: ShardSettings): ShardLaunch[] {
  const own = [process.execPath, fileURLToPath(new URL('../../../bin/fulcrum.js', import.meta.url))]
  const command = [...(settings.command ?? own), 'shard']
  return Array.from({ length: settings.count }, (_, shard) => {
    const host = settings.hosts[shard % settings.hosts.length]
    const argv = host === undefined ? command : remote(settings, host, command)
    const [program = process.execPath, ...args] = argv
    return { host: host ?? 'this machine', argv: [program, ...args] }
  })
}

function remote({ launcher, launcherArgs }: ShardSettings, host: string, command: readonly string[]): string[] {
  switch (launcher) {
    case 'ssh':
      return ['ssh', ...sshArguments, ...launcherArgs, '--', host, `exec ${shellCommand(command)}`]
    case 'srun':
      return ['srun', ...srunArguments, ...launcherArgs, `--nodelist=${host}`, ...command]
    default:
      return [...launcher.map(part => part.replaceAll('{host}', host)), ...launcherArgs, ...command]
  }
}

/**
 * Disables terminal and prompts, and ends when the host is gone. Keys, ports and jump hosts come from the user's ssh
 * configuration.
 */
const sshArguments = [
  '-T',
  '-o',
  'BatchMode=yes',
  '-o',
  'ConnectTimeout=10',
  '-o',
  'ServerAliveInterval=5',
  '-o',
  'ServerAliveCountMax=3',
]

/** Runs one task beside others of the allocation. Without --unbuffered, which would add a terminal that echoes. */
const srunArguments = ['--nodes=1', '--ntasks=1', '--overlap', '--kill-on-bad-exit']
