import type { RuntimeConfig } from '../nodes/keys.ts'
import type { Task } from './launcher.ts'

/** Name of a container. Unique on the node, so that removing it affects no other. */
export function containerName(namespace: string, { name }: Pick<Task, 'name'>): string {
  return `${namespace}-${name}`
}

/**
 * `docker run` as in the guide (all GPUs, the host's network), in the foreground, with an init process that forwards
 * signals, and removed at the end. Files of the task are mounted at their paths.
 */
export function containerCommand(
  { runtime, image, args }: RuntimeConfig,
  task: Pick<Task, 'argv' | 'env' | 'files' | 'name' | 'cwd'>,
  namespace: string,
): readonly [string, ...string[]] {
  const variables = Object.entries(task.env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const mounts = task.files.flatMap(({ path }) => ['-v', `${path}:${path}:ro`])
  const name = containerName(namespace, task)
  const fixed = ['run', '--rm', '--init', '--name', name, '--gpus', 'all', '--network', 'host']
  const folder = task.cwd === undefined ? [] : ['-w', task.cwd]
  return [runtime, ...fixed, ...folder, ...mounts, ...variables, ...args, image, ...task.argv]
}
