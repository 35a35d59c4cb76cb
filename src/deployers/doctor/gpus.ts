import { type AskedGpus, type Check, missed, noticed, passed } from './check.ts'
import { checkGpuSettings } from './gpu-settings.ts'
import { hereMachine, type Machine } from './machine.ts'
import {
  type Gpu,
  type GpuProcess,
  gpuQuery,
  parseGpuProcesses,
  parseGpus,
  parseMigDevices,
  processQuery,
} from './nvidia-smi.ts'

/** Utilization above which another program affects a measurement. */
const idleMemoryMib = 1024
const idlePercent = 5

/** The observed GPUs of a machine. */
export interface GpuSight {
  readonly gpus: readonly Gpu[]
  readonly processes: readonly GpuProcess[]
  /** MIG devices by GPU. */
  readonly migDevices: ReadonlyMap<number, readonly string[]>
  readonly warnings: readonly string[]
}

const isList = (asked: AskedGpus): asked is readonly number[] => Array.isArray(asked)

/** Checks that the GPUs of a sweep exist, are not split, and are free. */
export async function checkGpus(asked: AskedGpus, machine: Machine = hereMachine): Promise<readonly Check[]> {
  const said = await machine.run('nvidia-smi', gpuQuery)
  if (!said.ok) {
    if (asked === null && said.absent)
      return [passed('gpus', 'nvidia-smi is not installed, and no GPUs are requested', machine.name)]
    const detail = said.absent ? 'nvidia-smi is not installed' : `nvidia-smi: ${said.complaint}`
    const remedy = said.absent
      ? 'Install the NVIDIA driver, or leave gpus out of deploy.'
      : 'Check the NVIDIA driver: nvidia-smi must list the GPUs.'
    const tell = asked === null ? noticed : missed
    return [tell('gpus', detail, remedy, machine.name)]
  }
  try {
    const { rows: gpus, warnings } = parseGpus(said.out)
    const [processes, list] = await Promise.all([
      machine.run('nvidia-smi', processQuery),
      gpus.some(({ mig }) => mig === true) ? machine.run('nvidia-smi', ['-L']) : null,
    ])
    const sight = {
      gpus,
      processes: processes.ok ? parseGpuProcesses(processes.out).rows : [],
      migDevices: parseMigDevices(list?.out ?? ''),
      warnings,
    }
    const settings = gpus.length === 0 ? [] : await checkGpuSettings(isList(asked) ? asked : null, machine)
    return [...judgeGpus(asked, sight, machine.name), ...settings]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const remedy = 'Compare with nvidia-smi --help-query-gpu. Fulcrum cannot check whether the GPUs are free.'
    return [missed('gpus', `unexpected output of nvidia-smi: ${error.message}`, remedy, machine.name)]
  }
}

/** Judges the observations. Problems of GPUs that the sweep does not need are notes. */
export function judgeGpus(asked: AskedGpus, sight: GpuSight, where: string): readonly Check[] {
  const { gpus, warnings } = sight
  const lacking = whatLacks(asked, gpus)
  if (lacking !== null) return [missed('gpus', lacking[0], lacking[1], where)]
  if (gpus.length === 0) return [passed('gpus', 'nvidia-smi lists no GPUs, and the sweep requests none', where)]
  const used = gpus.filter(({ index }) => (isList(asked) ? asked.includes(index) : true))
  const canDoWithout = asked === null || (!isList(asked) && gpus.length > asked.atLeast)
  const found = canDoWithout ? noticed : missed
  const findings = used.flatMap(gpu =>
    [busy(gpu, sight), errors(gpu), split(gpu, sight), closed(gpu)].flatMap(finding =>
      finding === null ? [] : [found(`gpu ${gpu.index}`, finding[0], finding[1], where)],
    ),
  )
  return [
    passed('gpus', describe(used), where),
    ...findings,
    ...unlike(used, where),
    ...warnings.map(warning => noticed('gpus', warning, 'Check the driver’s log: dmesg | grep NVRM.', where)),
  ]
}

function whatLacks(asked: AskedGpus, gpus: readonly Gpu[]): Finding {
  if (asked === null) return null
  if (!isList(asked)) {
    if (gpus.length >= asked.atLeast) return null
    return [
      `the sweep needs ${asked.atLeast} at once, but there are ${gpus.length}`,
      'Exclude large topologies with max_gpus, correct gpus_per_worker, or add nodes.',
    ]
  }
  const absent = asked.filter(index => !gpus.some(gpu => gpu.index === index))
  if (absent.length === 0) return null
  const there = gpus.length === 0 ? 'none' : gpus.map(({ index }) => index).join(', ')
  return [
    `there is no GPU ${absent.join(', ')}; there are ${there}`,
    'Correct gpus in deploy to those that nvidia-smi -L lists.',
  ]
}

type Finding = readonly [detail: string, remedy: string] | null

function busy(gpu: Gpu, { processes }: GpuSight): Finding {
  const holders = processes.filter(({ gpuUuid }) => gpuUuid === gpu.uuid)
  const held = gpu.memoryUsedMib ?? holders.reduce((sum, { memoryMib }) => sum + (memoryMib ?? 0), 0)
  const works = (gpu.busyPercent ?? 0) > idlePercent
  if (held <= idleMemoryMib && !works) return null
  const total = gpu.memoryTotalMib === null ? '' : ` of ${gpu.memoryTotalMib}`
  const load = gpu.busyPercent === null ? '' : `, ${gpu.busyPercent} % busy`
  const names = holders.map(({ pid, name, memoryMib }) => {
    const memory = memoryMib === null ? '' : ` ${memoryMib} MiB`
    return `${name ?? 'a process'} (${pid}${memory})`
  })
  const by =
    names.length === 0 ? 'a process that nvidia-smi cannot see (of another user or container)' : names.join(', ')
  return [
    `${held}${total} MiB in use${load}: ${by}`,
    'Stop the processes on it: they take memory and time from the workers.',
  ]
}

function errors({ uncorrectedErrors, troubles }: Gpu): Finding {
  if (troubles.length > 0) return [`faulty: ${troubles.join(', ')}`, 'Reset it (nvidia-smi -r) or leave it out.']
  if (uncorrectedErrors === null || uncorrectedErrors === 0) return null
  return [
    `${uncorrectedErrors} uncorrected ECC errors since the driver was loaded`,
    'Reset it when it is idle (nvidia-smi -r). If the errors return, replace the GPU.',
  ]
}

function split({ index, mig }: Gpu, { migDevices }: GpuSight): Finding {
  if (mig !== true) return null
  const devices = migDevices.get(index) ?? []
  const into = devices.length === 0 ? 'no devices yet' : devices.join(', ')
  return [
    `MIG is on (${into}): a worker that is given GPU ${index} gets one slice or none`,
    `Turn MIG off if nobody else needs it (nvidia-smi -i ${index} -mig 0), or exclude the GPU.`,
  ]
}

function closed({ index, computeMode }: Gpu): Finding {
  if (computeMode !== 'Prohibited') return null
  return ['its compute mode is Prohibited: no program may use it', `nvidia-smi -i ${index} -c DEFAULT`]
}

/** Different GPUs make different workers, and figures per GPU would mix them. */
function unlike(gpus: readonly Gpu[], where: string): readonly Check[] {
  const kinds = new Set(gpus.map(({ name, memoryTotalMib }) => `${name} (${memoryTotalMib} MiB)`))
  if (kinds.size < 2) return []
  const remedy = 'Use GPUs of one model. Otherwise figures per GPU mix different hardware.'
  return [noticed('gpus', `they differ: ${[...kinds].join(', ')}`, remedy, where)]
}

function describe(gpus: readonly Gpu[]): string {
  const kinds = Map.groupBy(gpus, ({ name, memoryTotalMib }) => {
    const memory = memoryTotalMib === null ? '' : `, ${memoryTotalMib} MiB each`
    return `${name}${memory}`
  })
  const words = [...kinds].map(([kind, alike]) => `${alike.length} × ${kind}`)
  const drivers = [...new Set(gpus.map(({ driver }) => driver))]
  return `${words.join('; ')}; driver ${drivers.join(', ')}`
}
