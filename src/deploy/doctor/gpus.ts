import { findProgram } from '../programs.ts'
import { type Check, missed, passed } from './check.ts'
import { runShort } from './run-program.ts'

/** A GPU that another program uses already spoils a measurement. */
const idleMemoryMib = 1024

/** Whether the GPUs that a sweep hands out are there, and free. */
export async function checkGpus(wanted: readonly number[]): Promise<Check> {
  const program = await findProgram('nvidia-smi')
  if (program === null)
    return missed('gpus', 'there is no nvidia-smi', 'Install the NVIDIA driver, or leave deploy.gpus out.')
  const fields = 'index,name,memory.used,memory.total,utilization.gpu'
  const said = await runShort(program, [`--query-gpu=${fields}`, '--format=csv,noheader,nounits'])
  if (!said.ok) return missed('gpus', said.complaint, 'Check the NVIDIA driver.')
  return judgeGpus(wanted, said.out)
}

/** Judges the rows of `nvidia-smi --query-gpu=index,name,memory.used,memory.total,utilization.gpu` (MiB, percent). */
export function judgeGpus(wanted: readonly number[], csv: string): Check {
  const rows = csv.split('\n').map(line => line.split(',').map(field => field.trim()))
  const found = new Map(
    rows.map(([index, name, used, total, load]) => [Number(index), { name, used: Number(used), total, load }]),
  )
  const absent = wanted.filter(gpu => !found.has(gpu))
  if (absent.length > 0)
    return missed(
      'gpus',
      `there is no GPU ${absent.join(', ')}; this machine has ${[...found.keys()].join(', ')}`,
      'Correct deploy.gpus.',
    )
  const busy = wanted.filter(gpu => (found.get(gpu)?.used ?? 0) > idleMemoryMib)
  if (busy.length > 0) {
    const detail = busy
      .map(gpu => `GPU ${gpu} has ${found.get(gpu)?.used} MiB in use (${found.get(gpu)?.load} % busy)`)
      .join(', ')
    return missed('gpus', detail, 'Stop what runs on them: it takes memory and time from the workers.')
  }
  return passed('gpus', `${wanted.length} × ${found.get(wanted[0] ?? -1)?.name}, free`)
}
