/** One GPU according to `nvidia-smi`; null for values that it does not report. */
export interface Gpu {
  readonly index: number
  readonly uuid: string
  readonly name: string
  readonly driver: string
  readonly memoryUsedMib: number | null
  readonly memoryTotalMib: number | null
  readonly busyPercent: number | null
  /** Whether it is split into MIG devices; null if GPUs of this kind can't be. */
  readonly mig: boolean | null
  /** `Default`, `Exclusive_Process`, `Prohibited`. */
  readonly computeMode: string | null
  /** Uncorrected memory errors since the driver was loaded; null with ECC off. */
  readonly uncorrectedErrors: number | null
  /** Error text of nvidia-smi in place of a value: `utilization.gpu: [GPU requires reset]`. */
  readonly troubles: readonly string[]
}

/** A program that uses memory of a GPU. */
export interface GpuProcess {
  readonly gpuUuid: string
  readonly pid: number
  /** Null if nvidia-smi does not know it or may not report it. */
  readonly name: string | null
  readonly memoryMib: number | null
}

/** The parsed output of `nvidia-smi`, which may contain its warnings between rows. */
export interface Rows<Row> {
  readonly rows: readonly Row[]
  readonly warnings: readonly string[]
}

const fields = [
  'index',
  'uuid',
  'name',
  'driver_version',
  'memory.used',
  'memory.total',
  'utilization.gpu',
  'mig.mode.current',
  'compute_mode',
  'ecc.errors.uncorrected.volatile.total',
] as const
type Field = (typeof fields)[number]

const format = '--format=csv,noheader,nounits'

/** Arguments of nvidia-smi for one CSV line per GPU, without header and units. */
export const gpuQuery: readonly string[] = [`--query-gpu=${fields.join(',')}`, format]

/** Arguments of nvidia-smi for one CSV line per process that computes on a GPU; memory in MiB. */
export const processQuery: readonly string[] = ['--query-compute-apps=gpu_uuid,pid,process_name,used_memory', format]

/** Words for a missing value. Any other text in brackets is an error. */
const noValue = /^\[?(?:N\/A|Not Supported|Not Available|None)\]?$/i
const complaintWord = /^\[.+\]$/

/**
 * Parses the output of {@link gpuQuery} (MiB, percent), one line per GPU.
 * @throws SyntaxError with the invalid line
 */
export function parseGpus(text: string): Rows<Gpu> {
  return parseRows(text, line => {
    const values = line.split(',').map(value => value.trim())
    if (values.length !== fields.length) throw new SyntaxError(`expected ${fields.length} fields, not: ${line}`)
    const troubles: string[] = []
    const textOf = (field: Field): string | null => {
      const value = values[fields.indexOf(field)] ?? ''
      if (value === '') throw new SyntaxError(`no ${field} in: ${line}`)
      if (noValue.test(value)) return null
      if (!complaintWord.test(value)) return value
      troubles.push(`${field}: ${value}`)
      return null
    }
    const figureOf = (field: Field): number | null => {
      const value = textOf(field)
      return value === null ? null : wholeNumber(value, field, line)
    }
    const nameOf = (field: Field): string => textOf(field) ?? 'unknown'
    return {
      // Without its index, a GPU cannot be identified, so the index must be a number.
      index: wholeNumber(values[0] ?? '', 'index', line),
      uuid: nameOf('uuid'),
      name: nameOf('name'),
      driver: nameOf('driver_version'),
      memoryUsedMib: figureOf('memory.used'),
      memoryTotalMib: figureOf('memory.total'),
      busyPercent: figureOf('utilization.gpu'),
      mig: switchOf(textOf('mig.mode.current'), line),
      computeMode: textOf('compute_mode'),
      uncorrectedErrors: figureOf('ecc.errors.uncorrected.volatile.total'),
      troubles,
    }
  })
}

/**
 * Parses the output of {@link processQuery}, one line per process and GPU. Names may contain commas.
 * @throws SyntaxError with the invalid line
 */
export function parseGpuProcesses(text: string): Rows<GpuProcess> {
  return parseRows(text, line => {
    const [, gpuUuid, pid, name, memory] = /^([^,\s]+)\s*,\s*(\d+)\s*,\s*(.*?)\s*,\s*([^,]+?)\s*$/.exec(line) ?? []
    if (gpuUuid === undefined || pid === undefined || name === undefined || memory === undefined) {
      throw new SyntaxError(`not a process: ${line}`)
    }
    const unknown = (value: string) => noValue.test(value) || complaintWord.test(value)
    return {
      gpuUuid,
      pid: Number(pid),
      name: name === '' || unknown(name) ? null : name,
      memoryMib: unknown(memory) ? null : wholeNumber(memory, 'used_memory', line),
    }
  })
}

/** The MIG devices of each GPU by its index, as `nvidia-smi -L` lists them: `1g.10gb`, `3g.40gb`, … */
export function parseMigDevices(list: string): ReadonlyMap<number, readonly string[]> {
  const devices = new Map<number, string[]>()
  let gpu: number | null = null
  for (const line of list.split('\n')) {
    const index = /^GPU (\d+): /.exec(line)?.[1]
    if (index !== undefined) gpu = Number(index)
    const profile = /^\s+MIG (\S+)\s+Device\s+\d+:/.exec(line)?.[1]
    if (profile !== undefined && gpu !== null) devices.set(gpu, [...(devices.get(gpu) ?? []), profile])
  }
  return devices
}

function parseRows<Row>(text: string, parseRow: (line: string) => Row): Rows<Row> {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  const isWarning = (line: string) => /^\s*warning:/i.test(line)
  return { rows: lines.filter(line => !isWarning(line)).map(parseRow), warnings: lines.filter(isWarning) }
}

function wholeNumber(value: string, field: string, line: string): number {
  if (!/^\d+$/.test(value)) throw new SyntaxError(`${field} is ${value}, not a whole number, in: ${line}`)
  return Number(value)
}

function switchOf(value: string | null, line: string): boolean | null {
  if (value === null) return null
  if (value === 'Enabled') return true
  if (value === 'Disabled') return false
  throw new SyntaxError(`mig.mode.current is ${value} in: ${line}`)
}
