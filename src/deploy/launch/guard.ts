import { containerCommand, containerName } from './container.ts'
import type { Task, Wrapping } from './launcher.ts'

/** A task that is told to end gets this long before it is killed. */
const graceS = 15
/** Without a sign of life for this long the task ends: the connection may be cut without either side being told. */
export const silenceS = 20
/** How often Fulcrum gives a sign of life. */
export const heartbeatS = 5

/**
 * Runs where the task runs. It writes the task's files, starts it in a session of its own, and ends that session (and
 * nothing else) when its standard input ends or falls silent: so the task never outlives Fulcrum, the connection, or a cut
 * network. Needs bash (read -t) and setsid.
 * Arguments: grace and silence in seconds, container program and name (or empty), number of files, then path and content of
 * each, then the command.
 */
const script = `
grace=$1 silence=$2 runtime=$3 container=$4 files=$5; shift 5
written=()
for ((; files > 0; files--)); do
  mkdir -p -- "$(dirname -- "$1")" && printf %s "$2" >"$1" || exit 73
  written+=("$1"); shift 2
done
exec 3<&0
setsid "$@" 3<&- </dev/null &
task=$!
tell() { kill "-$1" -- "-$task" 2>/dev/null || kill "-$1" "$task" 2>/dev/null; }
trap 'tell TERM' TERM INT HUP
{
  trap - TERM INT HUP
  while IFS= read -r -t "$silence" _ <&3; do :; done
  tell TERM
  for ((i = grace * 5; i > 0; i--)); do tell 0 || break; sleep 0.2; done
  tell KILL
} >/dev/null 2>&1 &
watcher=$!
while :; do wait "$task"; code=$?; kill -0 "$task" 2>/dev/null || break; done
kill "$watcher" 2>/dev/null
kill -KILL -- "-$task" 2>/dev/null
[ -z "$runtime" ] || "$runtime" rm -f "$container" >/dev/null 2>&1
for file in "\${written[@]}"; do rm -f -- "$file"; rmdir -- "$(dirname -- "$file")" 2>/dev/null; done
exit "$code"
`.trim()

/** The command line that runs a task under guard, in a container if so wished; its environment is part of it. */
export function guarded(task: Task, { container, namespace, unset }: Wrapping): readonly [string, ...string[]] {
  const command = container === null ? withEnvironment(task, unset) : containerCommand(container, task, namespace)
  const box = container === null ? ['', ''] : [container.runtime, containerName(namespace, task)]
  const files = task.files.flatMap(({ path, content }) => [path, content])
  const numbers = [String(graceS), String(silenceS)]
  return ['bash', '-c', script, 'fulcrum', ...numbers, ...box, String(task.files.length), ...files, ...command]
}

function withEnvironment({ argv, env }: Task, unset: readonly string[]): readonly string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return ['env', ...unset.flatMap(name => ['-u', name]), ...variables, ...argv]
}
