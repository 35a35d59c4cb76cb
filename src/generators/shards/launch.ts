import { fileURLToPath } from 'node:url'
import { type Json, shellCommand } from '../../model/index.ts'

/** How processes are started on other hosts: a known launcher, or a command in which `{host}` stands for the host. */
export type Launcher = 'ssh' | 'srun' | readonly string[]

/** Over which processes a point's load is split. */
export interface ShardSettings {
  readonly count: number
  /** Host names, dealt out to the shards in turns; this machine when empty. */
  readonly hosts: readonly string[]
  readonly launcher: Launcher
  /** Arguments added to the launcher's own (`-F config`, `--partition=…`). */
  readonly launcherArgs: readonly string[]
  /**
   * How Fulcrum is started on a host; as it was here when absent. In a Job's pods: the image's own entry point when
   * absent.
   */
  readonly command?: readonly string[]
  /** Shards are pods of an Indexed Job of Kubernetes; hosts and launcher have no meaning then. */
  readonly job?: ShardJob
}

/** The pods that shards run in. */
export interface ShardJob {
  /** Container image with Fulcrum in it, of this very version. */
  readonly image: string
  /** The endpoint's base URL as pods reach it; as the deployer says when absent. */
  readonly url?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
  readonly resources: { readonly requests?: Amounts; readonly limits?: Amounts }
  readonly nodeSelector: { readonly [label: string]: string }
  /** As Kubernetes writes them. */
  readonly tolerations: readonly Json[]
  /** Names of Secrets with the registry's credentials. */
  readonly imagePullSecrets: readonly string[]
  /** The Job is ended by the cluster after so long, whatever becomes of Fulcrum. */
  readonly deadlineS: number
  /** How long its pods may take to start. */
  readonly startTimeoutS: number
}

type Amounts = { readonly [resource: string]: string }

/** One shard to start. */
export interface ShardLaunch {
  /** For messages. */
  readonly host: string
  readonly argv: readonly [program: string, ...args: string[]]
}

/** The command of each shard. */
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
 * No terminal, no questions, and an end when the host is gone. Keys, ports and jump hosts are the user's ssh
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

/**
 * One task beside whatever else the allocation runs. Not --unbuffered: it would put a terminal in between, which
 * echoes.
 */
const srunArguments = ['--nodes=1', '--ntasks=1', '--overlap', '--kill-on-bad-exit']
