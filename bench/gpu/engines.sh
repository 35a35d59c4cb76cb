#!/bin/bash
# Real engines, in parts that each end within ten minutes: speculation, peers, shared, outside and sampling on one GPU,
# two and windows on two. Arguments: part, folder for results. Needs PYTHON (ai-dynamo[vllm]), MODEL (a model's folder),
# nats-server, etcd, and for `peers` and `outside` vllm-rs and aiperf on PATH.
set -u
cd "$(dirname "$0")/../.."
part=$1 out=$2
mkdir -p "$out"
export PATH=$PWD/node_modules/.bin:$PATH FULCRUM_STATE_DIR=$out/state
fulcrum() { node bin/fulcrum.js "$@"; }
counter= server=
trap 'kill $counter $server 2>/dev/null' EXIT
[ "$part" = sampling ] || { python3 bench/gpu/counter.py "$out/counter.csv" & counter=$!; }

# A server without Dynamo on the first GPU.
serve() {
  CUDA_VISIBLE_DEVICES=0 setsid "$PYTHON" -m vllm.entrypoints.openai.api_server --model "$MODEL" --served-model-name served-model \
    --load-format dummy --max-model-len 8192 --gpu-memory-utilization 0.85 --max-num-seqs 128 --port 24567 --host 127.0.0.1 "$@" \
    >"$out/server.log" 2>&1 & server=$!
  for _ in $(seq 240); do curl -sf http://127.0.0.1:24567/v1/models >/dev/null && break; sleep 1; done
}

case $part in
  speculation)
    fulcrum run bench/gpu/speculation.ts --out "$out/results"
    ;;
  peers)
    serve
    fulcrum crosscheck bench/gpu/attach-on.yaml --generators built-in,aiperf,vllm-bench --rounds 4 --markdown --to "$out/peers"
    for which in on off off on on off off on; do
      fulcrum run --new bench/gpu/attach-$which.yaml --out "$out/results" 2>&1 | grep TTFT
    done
    tail -5 "$out/server.log"
    ;;
  shared)
    fulcrum run bench/gpu/variants.ts --out "$out/results"
    ;;
  two)
    fulcrum run bench/gpu/two.ts --out "$out/results"
    ;;
  windows)
    for requests in 10x 100x; do REQUESTS=$requests fulcrum run bench/gpu/windows.ts --out "$out/results"; done
    ;;
  outside)
    serve --compilation-config '{"mode":0,"cudagraph_mode":"FULL_DECODE_ONLY","cudagraph_capture_sizes":[1,2,4,8,16,24,32]}'
    for generator in built-in vllm-bench aiperf; do GENERATOR=$generator fulcrum run bench/gpu/outside.ts --out "$out/results"; done
    tail -5 "$out/server.log"
    ;;
  sampling)
    node bench/gpu/sampling-cost.ts --gpus "$(nvidia-smi -L | wc -l)" --blocks 8 | tee "$out/sampling.md"
    exit
    ;;
  *)
    echo "engines.sh: no part $part" >&2
    exit 2
    ;;
esac
node bench/gpu/check.ts "$out/counter.csv" "$out"/results/*/*/ | tee "$out/check.txt"
