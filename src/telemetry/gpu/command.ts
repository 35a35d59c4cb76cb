import { amdListPrefix, amdSmiFlags } from './amd-smi.ts'
import { dmonPrefix, queries } from './nvidia-smi.ts'
import { nvmlProgram } from './nvml-program.ts'

/** First word of the sampler's first line: `fulcrum-gpus nvml`. */
export const announcement = /^fulcrum-gpus (nvml|nvidia-smi|amd-smi|none)$/

/**
 * Looks for NVIDIA's devices first, because starting Python in vain takes 0.09 s of CPU with pyenv. Then uses NVML
 * through Python if possible, because only NVML has an energy counter; otherwise nvidia-smi, with its dmon for PCIe
 * traffic; otherwise amd-smi, unbuffered because it writes to a pipe. Arguments: the program, seconds, the mark of the
 * deployment's processes, both queries, the flags of amd-smi with and without energy.
 */
const script = `
nvidia=
for device in /dev/nvidia* /dev/nvmap /dev/dxg /proc/driver/nvidia; do
  if [ -e "$device" ]; then nvidia=yes; fi
done
for python in \${nvidia:+python3 python}; do
  if command -v $python >/dev/null && $python -c "$1" check >/dev/null 2>&1; then
    echo fulcrum-gpus nvml
    exec $python -u -c "$1" "$2" "$3"
  fi
done
every=$(awk "BEGIN { print int($2 * 1000) }" 2>/dev/null || echo 1000)
whole=$(( (every + 999) / 1000 ))
if command -v nvidia-smi >/dev/null; then
  for query in "$4" "$5"; do
    if nvidia-smi --query-gpu="$query" --format=csv,noheader,nounits >/dev/null 2>&1; then
      echo fulcrum-gpus nvidia-smi
      nvidia-smi dmon -s t -d "$whole" 2>/dev/null | while IFS= read -r line; do echo "${dmonPrefix} $line"; done &
      exec nvidia-smi --query-gpu="$query" --format=csv,noheader,nounits "--loop-ms=$every"
    fi
  done
fi
if command -v amd-smi >/dev/null; then
  for flags in "$6" "$7"; do
    if amd-smi $flags >/dev/null 2>&1; then
      echo fulcrum-gpus amd-smi
      amd-smi list --csv 2>/dev/null | while IFS= read -r line; do echo "${amdListPrefix} $line"; done
      PYTHONUNBUFFERED=1 amd-smi $flags -w "$whole" | while IFS= read -r line; do echo "$(date +%s.%3N) $line"; done
      exit
    fi
  done
fi
echo fulcrum-gpus none
`.trim()

/**
 * The command that samples the GPUs of its machine until it is ended, one line per sample.
 * @param mark text in the environment of every process of the deployment; empty if there is none
 */
export function samplerCommand(everyS: number, mark: string): readonly [program: string, ...args: string[]] {
  return ['sh', '-c', script, 'fulcrum-gpus', nvmlProgram, `${everyS}`, mark, ...queries, ...amdSmiFlags]
}
