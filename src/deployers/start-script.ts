import { type Json, shellWord } from '../model/index.ts'

/** A process that a start script keeps running. */
export interface ScriptedProcess {
  /** Its log is `logs/NAME.log`. */
  readonly name: string
  readonly argv: readonly string[]
  readonly env: { readonly [name: string]: string }
  /** Working directory; default: the script's folder. */
  readonly cwd?: string
  /** How it ends: when its input ends, for processes under guard (launch/guard.ts), or by SIGTERM. Default: SIGTERM. */
  readonly endsBy?: 'stdin' | 'signal'
}

/** Placeholder in a script's words for the script's folder. */
export const scriptFolder = '@folder-of-the-script@'

/** Placeholder in a batch script's words for the name of a node of its job. */
export const nameOfNode = (index: number): string => `@node-${index}@`
/** Placeholder in a script's words for the address of a node: of its job, or from {@link StartScript.addressesOf}. */
export const addressOfNode = (index: number): string => `@address-${index}@`

/** Content of a start script. */
export interface StartScript {
  /** First line of its comment: the deployment. */
  readonly about: string
  readonly processes: readonly ScriptedProcess[]
  /** Base URL that answers when the deployment is ready. */
  readonly url: string
  readonly model: string
  /** Additional fields of the first request. */
  readonly ask?: { readonly [field: string]: Json }
  /** Seconds until it must answer. */
  readonly readyTimeoutS: number
  /** For a Slurm batch script: its `#SBATCH` lines. Its words may name the nodes of its job. */
  readonly batch?: { readonly options: readonly string[] }
  /** Commands that print the addresses of nodes, in their order. Words may name these addresses. */
  readonly addressesOf?: readonly string[]
}

/** Finds the job's folder in a batch script. Slurm runs a copy from another place. */
const ofJob = `cd "\${SLURM_SUBMIT_DIR:?submit this script with sbatch}"
mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
addresses=()
for node in "\${nodes[@]}"; do addresses+=("$(getent ahostsv4 "$node" | awk 'NR == 1 { print $1 }')"); done
# Where the first node is to be reached, if not by its name.
if [ -n "\${FULCRUM_HEAD:-}" ]; then addresses[0]=$FULCRUM_HEAD; fi`

/**
 * A Bash script that runs a deployment in the foreground. Each process has a separate process group and log, and all
 * end together on Ctrl-C, on SIGTERM, or when one of them ends. The script reports readiness after an answered request,
 * because a listed model may not answer.
 */
export function startScript({
  about,
  processes,
  url,
  model,
  ask = {},
  readyTimeoutS,
  batch,
  addressesOf = [],
}: StartScript): string {
  const isFed = processes.some(({ endsBy }) => endsBy === 'stdin')
  const body = JSON.stringify({
    model,
    messages: [{ role: 'user', content: 'Say hello.' }],
    max_tokens: 1,
    ...ask,
  })
  return `#!/usr/bin/env bash
${(batch?.options ?? []).map(line => `${line}\n`).join('')}# ${about.replaceAll(/\s+/g, ' ')}
# Runs until Ctrl-C; then everything is stopped. Logs are in logs/ beside this script.
set -euo pipefail
${batch === undefined ? 'cd "$(dirname "$0")"' : ofJob}
here=$PWD
mkdir -p logs
${addressesOf.length === 0 ? '' : `addresses=()\n${addressesOf.map(findAddress).join('\n')}\n`}
pids=()
names=()
told=()
stop() {
  trap - EXIT INT TERM
${isFed ? '  rm -f "$running"\n' : ''}  for pid in "\${told[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  for _ in $(seq ${isFed ? 250 : 100}); do
    alive=0
    for pid in "\${pids[@]}"; do if kill -0 -- "-$pid" 2>/dev/null; then alive=1; fi; done
    if [ "$alive" = 0 ]; then return; fi
    sleep 0.1
  done
  for pid in "\${pids[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() { # NAME COMMAND…
  local name=$1
  shift
  setsid "$@" >"logs/$name.log" 2>&1 </dev/null &
  pids+=("$!")
  told+=("$!")
  names+=("$name")
}
${isFed ? feeding : ''}check() {
  for i in "\${!pids[@]}"; do
    if ! kill -0 "\${pids[$i]}" 2>/dev/null; then
      echo "\${names[$i]} has ended; the end of its log:" >&2
      tail -n 20 "logs/\${names[$i]}.log" >&2
      exit 1
    fi
  done
}

${processes.map(scripted).join('\n')}

deadline=$((SECONDS + ${Math.ceil(readyTimeoutS)}))
until curl --silent --fail --output /dev/null --max-time 60 --header 'content-type: application/json' \\
  --data ${shellWord(body)} ${wordInScript(`${url}/v1/chat/completions`)}; do
  check
  if [ "$SECONDS" -ge "$deadline" ]; then echo "no answer within ${Math.ceil(readyTimeoutS)} s; see logs/" >&2; exit 1; fi
  sleep 1
done
echo ${wordInScript(`ready: ${url}`)}
while true; do check; sleep 2; done
`
}

/** A guarded task lives as long as it receives heartbeats. They stop when this script ends for any reason. */
const feeding = `running=$(mktemp)
start_guarded() { # NAME COMMAND…; another machine's part ends with its input
  local name=$1
  shift
  setsid bash -c 'running=$1 script=$2; shift 2
    exec "$@" < <(while [ -e "$running" ] && kill -0 "$script" 2>/dev/null; do echo; sleep 1; done)' \\
    guarded "$running" "$$" "$@" >"logs/$name.log" 2>&1 </dev/null &
  pids+=("$!")
  names+=("$name")
}
`

/** Address printed by a command: its first line. */
const findAddress = (command: string) => `address=$(${command} | awk 'NR == 1' || true)
if [ -z "$address" ]; then echo ${shellWord(`no address from: ${command}`)} >&2; exit 1; fi
addresses+=("$address")`

function scripted({ name, argv, env, cwd, endsBy }: ScriptedProcess): string {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  const folder = cwd === undefined ? [] : ['-C', cwd]
  const command = folder.length + variables.length === 0 ? argv : ['env', ...folder, ...variables, ...argv]
  return `${endsBy === 'stdin' ? 'start_guarded' : 'start'} ${[name, ...command].map(wordInScript).join(' ')}`
}

/** A shell word in which the script fills in its folder and nodes of its job at run time. */
function wordInScript(word: string): string {
  return word
    .split(/(@folder-of-the-script@|@(?:node|address)-\d+@)/)
    .map(part => {
      const [, kind, index] = /^@(node|address)-(\d+)@$/.exec(part) ?? []
      if (part === scriptFolder) return '"$here"'
      if (kind !== undefined) return kind === 'node' ? `"\${nodes[${index}]}"` : `"\${addresses[${index}]}"`
      return part === '' ? '' : shellWord(part)
    })
    .join('')
}
