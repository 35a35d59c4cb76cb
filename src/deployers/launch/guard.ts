import { containerCommand, containerName } from './container.ts'
import type { Launcher, Task, Wrapping } from './launcher.ts'

/** Time between asking a task to end and killing it. */
const graceS = 15
/** How long to wait for a guard to end: its task's grace period plus 5 s. */
export const guardGraceMs = graceS * 1000 + 5_000
/** The task ends after this long without a heartbeat, because a connection can be cut without either side noticing. */
export const silenceS = 20
/** Interval of Fulcrum's heartbeats. */
export const heartbeatS = 5

/**
 * Runs where the task runs. Writes the task's files and starts it in a separate session. When standard input ends or
 * falls silent, it ends exactly that session, together with processes that left it (found by a mark in their
 * environment). So the task never outlives Fulcrum, the connection, or a network failure. It handles signals before the
 * task starts, because a signal in between would only end the guard. For a supervisor, it also watches the services. If
 * a rank ends with code 0 without being asked to, the guard reports a failure, because programs that start ranks
 * together check only exit codes. Bash can lose the exit code of a task that ends while a signal interrupts the wait
 * for it. So the two watchers report by exit code 3, not by a signal, that they ended the task. Requires bash (read
 * -t), setsid, and ps for a supervisor. Arguments: grace period and silence limit in seconds, container program and
 * name (or empty), the task's mark, `supervises`, `rank` or empty, the task's own folder or empty, the folder to clean
 * up, number of files, then path and content of each, then the command.
 */
const script = `
grace=$1 silence=$2 runtime=$3 container=$4 mark=FULCRUM_TASK=$5/$$ kind=$6 own=$7 folder=$8 files=$9; shift 9
written=()
for ((; files > 0; files--)); do
  mkdir -p -- "$(dirname -- "$1")" && printf %s "$2" >"$1" || exit 73
  written+=("$1"); shift 2
done
exec 3<&0
tell() { kill "-$1" -- "-$task" 2>/dev/null || kill "-$1" "$task" 2>/dev/null; }
task= told= ended=
trap 'told=1; [ -z "$task" ] || tell TERM' TERM INT HUP
setsid env "$mark" "$@" 3<&- </dev/null &
task=$!
[ -z "$told" ] || tell TERM
finish() {
  tell TERM
  for ((i = grace * 5; i > 0; i--)); do tell 0 || break; sleep 0.2; done
  tell KILL
}
strays() { grep -lzsxF -- "$mark" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do echo "$pid"; done; }
services() {
  ps --ppid "$task" -o pid=,pgid=,stat= |
    while read -r pid group state; do [ "$pid" = "$group" ] && [ "\${state#Z}" = "$state" ] && echo "$pid"; done
}
{
  trap - TERM INT HUP
  while IFS= read -r -t "$silence" _ <&3; do :; done
  trap 'exit 3' TERM
  finish
  exit 3
} >/dev/null 2>&1 &
listener=$! watcher=
if [ "$kind" = supervises ]; then
  {
    trap - TERM INT HUP
    known=
    while sleep 1; do
      now=$(services)
      for pid in $known; do
        grep -qx "$pid" <<<"$now" && continue
        trap 'exit 3' TERM
        finish
        exit 3
      done
      known=$now
    done
  } >/dev/null 2>&1 &
  watcher=$!
fi
while wait "$task"; kill -0 "$task" 2>/dev/null; do :; done
wait "$task"; code=$?
kill $listener $watcher 2>/dev/null
wait "$listener"; [ $? != 3 ] || told=1
[ -z "$watcher" ] || { wait "$watcher"; [ $? != 3 ] || ended=1; }
kill -KILL -- "-$task" 2>/dev/null
for pid in $(strays); do kill -KILL "$pid" 2>/dev/null; done
[ -z "$runtime" ] || "$runtime" rm -f "$container" >/dev/null 2>&1
for file in "\${written[@]}"; do rm -f -- "$file"; rmdir -- "$(dirname -- "$file")" 2>/dev/null; done
[ -z "$own" ] || rm -rf -- "$own"
rmdir -- "$folder" 2>/dev/null
[ -z "$ended" ] || { echo 'a service of it has ended, and the rest was ended with it' >&2; code=70; }
if [ "$kind" = rank ] && [ -z "$told" ] && [ "$code" = 0 ]; then
  echo 'this rank ended without being told to' >&2
  code=70
fi
exit "$code"
`.trim()

/** Folder for tasks' files on machines without a run folder. */
export function taskFolder(namespace: string): string {
  return `/tmp/${namespace}`
}

/** Command line that runs a task under guard, optionally in a container. It includes the task's environment. */
export function guarded(task: Task, { container, namespace, unset }: Wrapping): readonly [string, ...string[]] {
  const command = container === null ? withEnvironment(task, unset) : containerCommand(container, task, namespace)
  const box = container === null ? ['', ''] : [container.runtime, containerName(namespace, task)]
  const files = task.files.flatMap(({ path, content }) => [path, content])
  const numbers = [String(graceS), String(silenceS)]
  const kind = task.isRank === true ? 'rank' : task.supervises === true && container === null ? 'supervises' : ''
  const whose = [`${namespace}/${task.name}`, kind, task.folder ?? '']
  const fixed = [...numbers, ...box, ...whose, taskFolder(namespace), String(task.files.length)]
  return ['bash', '-c', script, 'fulcrum', ...fixed, ...files, ...command]
}

/** Runs tasks under guard on this machine. */
export function underGuard(wrapping: Wrapping): Launcher {
  return task => ({ argv: guarded(task, wrapping), env: {}, files: [], endsBy: 'stdin' })
}

function withEnvironment({ argv, env, cwd }: Task, unset: readonly string[]): readonly string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const folder = cwd === undefined ? [] : ['-C', cwd]
  return ['env', ...folder, ...unset.flatMap(name => ['-u', name]), ...variables, ...argv]
}
