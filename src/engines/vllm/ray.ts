import type { CommandLine, RankPlan, WorkerRank } from '../define-engine.ts'

/** Seconds until all nodes of a worker must have joined its Ray cluster. */
const joinLimitS = 300

/** Runs one model on several nodes with Ray: each node starts Ray, and the first one also runs the worker. */
export const rayRanks: RankPlan = {
  registers: 1,
  commandOf: (rank, worker) => {
    const { address, port } = rank.head
    const start = startRay(rank, worker[0])
    const limit = String(joinLimitS)
    if (rank.rank > 0) return ['bash', '-c', joinScript, 'ray', address, String(port), limit, ...start]
    const asked = [`${address}:${port}`, String(rank.nodes), limit, nodesProgram]
    return ['bash', '-c', headScript, 'ray', ...asked, String(start.length), ...start, ...worker]
  },
}

/**
 * Starts Ray in the engine's Python. The ports that Ray does not choose itself are those that two workers on one node
 * would share by default.
 */
function startRay({ rank, address, gpusPerNode, head, folder }: WorkerRank, python: string): CommandLine {
  const place = rank === 0 ? ['--head', `--port=${head.port}`] : [`--address=${head.address}:${head.port}`]
  return [
    ...([python, '-m', 'ray.scripts.scripts', 'start'] as const),
    ...place,
    `--node-ip-address=${address}`,
    `--num-gpus=${gpusPerNode}`,
    ...['--min-worker-port=0', '--max-worker-port=0', '--dashboard-agent-listen-port=0'],
    `--temp-dir=${folder}`,
    ...(rank === 0 ? ['--include-dashboard=false'] : []),
    ...['--disable-usage-stats', '--block'],
  ]
}

/** Ends when as many nodes as its argument says have joined the cluster at RAY_ADDRESS. */
const nodesProgram = `
import sys, time, ray
wanted, seen = int(sys.argv[1]), None
while not ray.is_initialized():
    try: ray.init(log_to_driver=False, logging_level="ERROR")
    except Exception as error:
        print(f"Ray is not up yet: {error}", flush=True)
        time.sleep(1)
while seen != wanted:
    now = sum(node["Alive"] for node in ray.nodes())
    if now != seen: print(f"{now} of {wanted} nodes have joined Ray", flush=True)
    seen = now
    if seen != wanted: time.sleep(0.5)
`.trim()

/** Ray need not drain a node whose worker is ending: by default, it takes up to 30 s for that. */
const withoutDraining = `export RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S="\${RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S:-0}"`

/**
 * Starts Ray, waits for the other nodes, and runs the worker. If Ray or the worker ends, the other one is ended with it.
 * Ray's server for remote clients, which Ray starts only if gRPC is installed, gets a free port of its own. Arguments:
 * address of the cluster, number of nodes, limit in seconds, the program that waits for them, number of words of the
 * command that starts Ray, that command, and the worker's.
 */
const headScript = `
cluster=$1 nodes=$2 limit=$3 program=$4 count=$5; shift 5
start=("\${@:1:count}"); shift "$count"
${withoutDraining}
python=\${start[0]} told= other=
port=$("$python" -c 'import grpc, socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])' 2>/dev/null)
"\${start[@]}" \${port:+"--ray-client-server-port=$port"} &
ray=$!
trap 'told=1; kill "$ray" $other 2>/dev/null' TERM INT
finish() {
  kill "$ray" $other 2>/dev/null
  while wait; kill -0 "$ray" 2>/dev/null || kill -0 "\${other:-$ray}" 2>/dev/null; do :; done
  exit "$1"
}
# Runs a command beside Ray, and returns its exit code.
beside() {
  RAY_ADDRESS=$cluster "$@" &
  other=$!
  wait -n; code=$?
  [ -z "$told" ] || finish 143
  kill -0 "$ray" 2>/dev/null && return "$code"
  echo 'Ray has ended on the head node' >&2
  finish 70
}
beside timeout "$limit" "$python" -c "$program" "$nodes" || {
  [ $? != 124 ] || echo "not all $nodes nodes have joined Ray at $cluster within $limit s" >&2
  finish 70
}
beside "$@"
finish $?
`.trim()

/** Waits until Ray listens on the head node, and joins it. Arguments: address, port, limit in seconds, the command. */
const joinScript = `
address=$1 port=$2 limit=$3; shift 3
${withoutDraining}
until timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; do
  [ "$SECONDS" -lt "$limit" ] || { echo "Ray did not listen on $address:$port within $limit s" >&2; exit 70; }
  sleep 0.5
done
exec "$@"
`.trim()
