import { type Check, noticed, passed } from './check.ts'
import type { Machine } from './machine.ts'

/** Settings of a GPU according to `nvidia-smi`; null for values that a GPU lacks or an old driver does not know. */
export interface GpuSettings {
  readonly index: number
  readonly name: string
  readonly isPersistent: boolean | null
  readonly powerLimitW: number | null
  readonly powerDefaultW: number | null
  /** Application clocks set with `-ac`, MHz, and the default ones. */
  readonly clockMhz: number | null
  readonly clockDefaultMhz: number | null
  readonly isEccOn: boolean | null
  readonly pcieWidth: number | null
  readonly pcieWidthMax: number | null
}

const fields = [
  ...['index', 'name', 'persistence_mode', 'power.limit', 'power.default_limit'],
  ...['clocks.applications.graphics', 'clocks.default_applications.graphics'],
  ...['ecc.mode.current', 'pcie.link.width.current', 'pcie.link.width.max'],
] as const

/** Arguments with which nvidia-smi prints the settings of each GPU. */
const settingsQuery: readonly string[] = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']

/**
 * Parses the output of {@link settingsQuery}, one line per GPU. Other lines, such as warnings, are skipped; the search
 * for GPUs reports them.
 */
export function parseGpuSettings(text: string): readonly GpuSettings[] {
  return text.split(/\r?\n/).flatMap(line => {
    const values = line.split(',').map(value => value.trim())
    const [index = '', name = '', persistence, limit, defaultLimit, clock, defaultClock, ecc, width, widthMax] = values
    if (values.length !== fields.length || !/^\d+$/.test(index)) return []
    return [
      {
        index: Number(index),
        name,
        isPersistent: switchOf(persistence),
        powerLimitW: numberOf(limit),
        powerDefaultW: numberOf(defaultLimit),
        clockMhz: numberOf(clock),
        clockDefaultMhz: numberOf(defaultClock),
        isEccOn: switchOf(ecc),
        pcieWidth: numberOf(width),
        pcieWidthMax: numberOf(widthMax),
      },
    ]
  })
}

const numberOf = (text: string | undefined): number | null => {
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : null
}
const switchOf = (text: string | undefined): boolean | null =>
  text === 'Enabled' ? true : text === 'Disabled' ? false : null

/** NVLinks of a GPU: the active ones with their rates, and the inactive ones. */
export interface NvLinks {
  readonly index: number
  /** GB/s of each active link. */
  readonly rates: readonly number[]
  readonly inactive: readonly number[]
}

/** Parses the output of `nvidia-smi nvlink --status`. */
export function parseNvLinks(text: string): readonly NvLinks[] {
  const gpus: { index: number; rates: number[]; inactive: number[] }[] = []
  for (const line of text.split(/\r?\n/)) {
    const index = /^GPU (\d+):/.exec(line)?.[1]
    if (index !== undefined) gpus.push({ index: Number(index), rates: [], inactive: [] })
    const [, link, rate] = /^\s+Link (\d+): (?:([\d.]+) GB\/s|<?inactive>?)/i.exec(line) ?? []
    if (link === undefined) continue
    if (rate === undefined) gpus.at(-1)?.inactive.push(Number(link))
    else gpus.at(-1)?.rates.push(Number(rate))
  }
  return gpus
}

/** Number of NVLinks of SXM cards and superchips (NVIDIA's data sheets). PCIe cards may have none. */
const linksOf: readonly (readonly [name: RegExp, links: number])[] = [
  [/A100-SXM/, 12],
  [/H100 80GB HBM3|H200(?! NVL)|GH200|B200|B300|GB200|GB300/, 18],
]

/** Reports settings of a machine's GPUs that make figures lower or less stable. None of them fails the check. */
export async function checkGpuSettings(used: readonly number[] | null, machine: Machine): Promise<readonly Check[]> {
  const [said, links] = await Promise.all([
    machine.run('nvidia-smi', settingsQuery),
    machine.run('nvidia-smi', ['nvlink', '--status']),
  ])
  // An old driver may not know a field. That is not a problem.
  if (!said.ok) return []
  const isUsed = ({ index }: { readonly index: number }) => used === null || used.includes(index)
  const gpus = parseGpuSettings(said.out).filter(isUsed)
  const nvLinks = links.ok ? parseNvLinks(links.out).filter(isUsed) : []
  return judgeGpuSettings(gpus, nvLinks, machine.name)
}

/** Judges settings and links. GPUs with the same problem are reported together. */
export function judgeGpuSettings(
  gpus: readonly GpuSettings[],
  links: readonly NvLinks[],
  where: string,
): readonly Check[] {
  const told = gpus.flatMap(gpu => remarksOn(gpu, links).map(remark => ({ index: gpu.index, ...remark })))
  const together = [...Map.groupBy(told, ({ detail, remedy }) => `${detail}\n${remedy}`).values()]
  const [known] = gpus.filter(({ powerLimitW }) => powerLimitW !== null)
  const limits = [...new Set(gpus.map(({ powerLimitW }) => powerLimitW))]
  return [
    ...(known === undefined
      ? []
      : [passed('gpu power limit', limits.map(watts => `${watts ?? '?'} W`).join(', '), where)]),
    ...together.flatMap(alike => {
      const [first] = alike
      if (first === undefined) return []
      return [noticed(`gpu ${alike.map(({ index }) => index).join(', ')}`, first.detail, first.remedy, where)]
    }),
  ]
}

interface Remark {
  readonly detail: string
  readonly remedy: string
}

function remarksOn(gpu: GpuSettings, links: readonly NvLinks[]): readonly Remark[] {
  const { isPersistent, powerLimitW, powerDefaultW, clockMhz, clockDefaultMhz, isEccOn, pcieWidth, pcieWidthMax } = gpu
  const remarks: (Remark | false)[] = [
    isPersistent === false && {
      detail: 'persistence mode is off: the driver is unloaded between programs, and each first start is slow',
      remedy: 'Turn it on: nvidia-smi -pm 1, or run nvidia-persistenced.',
    },
    powerLimitW !== null &&
      powerDefaultW !== null &&
      powerLimitW < powerDefaultW && {
        detail: `its power limit is ${powerLimitW} W, below the ${powerDefaultW} W of its default: it is slower than other GPUs of its model`,
        remedy: `Raise it (nvidia-smi -pl ${powerDefaultW}), or compare only runs with this limit.`,
      },
    clockMhz !== null &&
      clockDefaultMhz !== null &&
      clockMhz !== clockDefaultMhz && {
        detail: `its application clock is set to ${clockMhz} MHz instead of ${clockDefaultMhz} MHz`,
        remedy: 'Reset it (nvidia-smi -rac), or set it alike on all GPUs and in all runs.',
      },
    isEccOn === false && {
      detail: 'ECC is off: memory errors go unseen, and memory and bandwidth differ from GPUs with ECC',
      remedy: 'Turn it on (nvidia-smi -e 1, then a reset), or compare only runs without it.',
    },
    pcieWidth !== null &&
      pcieWidthMax !== null &&
      pcieWidth < pcieWidthMax && {
        detail: `its PCIe link has ${pcieWidth} of ${pcieWidthMax} lanes`,
        remedy: 'Look at the riser and the slot: transfers between host and GPU are slower.',
      },
  ]
  return [...remarks.filter(remark => remark !== false), ...linkRemarks(gpu, links)]
}

function linkRemarks({ index, name }: GpuSettings, links: readonly NvLinks[]): readonly Remark[] {
  const own = links.find(one => one.index === index)
  if (own === undefined) return []
  const remedy = 'Look at nvidia-smi nvlink --status and the fabric manager: KV caches and tensors travel over them.'
  const should = linksOf.find(([pattern]) => pattern.test(name))?.[1] ?? null
  const up = own.rates.length
  const slowest = up === 0 ? 0 : own.rates.reduce((a, b) => Math.min(a, b))
  const fastest = links.flatMap(({ rates }) => rates).reduce((a, b) => Math.max(a, b), 0)
  const missing = should !== null && up < should
  if (missing) return [{ detail: `${up} of its ${should} NVLinks are up`, remedy }]
  if (own.inactive.length > 0 && up > 0)
    return [{ detail: `NVLink ${own.inactive.join(', ')} is down, and ${up} are up`, remedy }]
  return slowest < fastest ? [{ detail: `an NVLink has ${slowest} GB/s, others have ${fastest} GB/s`, remedy }] : []
}
