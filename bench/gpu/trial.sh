#!/bin/bash
# GPU telemetry on a real GPU, held against NVML's counter as another program reads it, and what sampling costs in TTFT.
# Argument: folder for results. Needs python3 and a GPU; PyTorch for load.
set -u
cd "$(dirname "$0")/../.."
out=${1:-/tmp/gpu-trial}; mkdir -p "$out"
export PATH=$PWD/node_modules/.bin:$PATH
node=$(command -v node)
nvidia-smi --query-gpu=name,driver_version,power.draw.instant --format=csv
python3 bench/gpu/server.py 24567 2>"$out/server.log" & server=$!
python3 bench/gpu/counter.py "$out/counter.csv" & counter=$!
trap 'kill $server $counter' EXIT
for _ in $(seq 120); do curl -sf http://127.0.0.1:24567/v1/models >/dev/null && break; sleep 1; done
for which in off on; do
  "$node" bin/fulcrum.js run bench/gpu/trial-$which.yaml --out "$out/results" 2>&1 | tail -20
done
"$node" bench/gpu/check.ts "$out/counter.csv" "$out"/results/gpu-trial-*/*/ | tee "$out/check.txt"
cp "$out"/results/gpu-trial-on/*/report/points.csv "$out/points.csv" 2>/dev/null
cat "$out/server.log"
