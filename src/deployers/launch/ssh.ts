import { shellCommand } from '../../model/index.ts'
import type { SshConfig } from '../nodes/keys.ts'
import { guarded } from './guard.ts'
import type { Launcher, Wrapping } from './launcher.ts'

/** The connection to a node that everything there goes through. */
export interface SshRoute {
  readonly host: string
  readonly ssh: SshConfig
  /** The connection's socket on this machine; null for a connection of one command's own. */
  readonly socket: string | null
}

/** Never asks anybody anything; the user's own options win, because ssh takes the first that it is given. */
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
 * Holds the connection open until its input ends, in the foreground: a connection of `ControlPersist` would leave our
 * process group and outlive us. It ends 15 s after the node stops answering.
 */
export function connectionCommand(route: SshRoute): readonly [string, ...string[]] {
  return ['ssh', '-M', '-T', ...options(route), '-o', 'ControlPersist=no', '--', route.host, 'cat >/dev/null']
}

/**
 * Ends well once the connection is up, and asks nobody but this machine. Whatever is started before goes by a
 * connection of its own.
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
