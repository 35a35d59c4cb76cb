import { shellCommand } from '../../model/index.ts'
import type { SshConfig } from '../nodes/keys.ts'
import { guarded } from './guard.ts'
import type { Launcher, Wrapping } from './launcher.ts'

/** The shared connection to a node. */
export interface SshRoute {
  readonly host: string
  readonly ssh: SshConfig
  /** Socket of the connection on this machine; null for a separate connection per command. */
  readonly socket: string | null
}

/** Disables prompts. The user's options take precedence, because ssh uses the first value of each. */
function options({ ssh, socket }: SshRoute): readonly string[] {
  const { config: configFile, options: own } = ssh
  return [
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...Object.entries(own).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=3'],
    ...(socket === null ? ['-o', 'ControlPath=none'] : ['-S', socket]),
  ]
}

/**
 * Holds the connection open in the foreground until its input ends. A `ControlPersist` connection would leave our
 * process group and outlive us. Ends 15 s after the node stops responding.
 */
export function connectionCommand(route: SshRoute): readonly [string, ...string[]] {
  return ['ssh', '-M', '-T', ...options(route), '-o', 'ControlPersist=no', '--', route.host, 'cat >/dev/null']
}

/**
 * Succeeds once the connection is up, without contacting the node. Anything started earlier would use a separate
 * connection.
 */
export function connectionUpCommand(route: SshRoute): readonly [string, ...string[]] {
  return ['ssh', ...options(route), '-O', 'check', '--', route.host]
}

/** Runs a program on the node through the connection. */
export function sshCommand(route: SshRoute, argv: readonly string[]): readonly [string, ...string[]] {
  return ['ssh', '-T', ...options(route), '-o', 'ControlMaster=no', '--', route.host, shellCommand(argv)]
}

/** Runs tasks on a node over ssh. */
export function overSsh(route: SshRoute, wrapping: Wrapping): Launcher {
  return task => ({ argv: sshCommand(route, guarded(task, wrapping)), env: {}, files: [], endsBy: 'stdin' })
}
