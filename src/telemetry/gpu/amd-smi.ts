import { parse } from 'csv-parse/sync'
import { defined } from '../../model/index.ts'
import type { SampleLine } from './nvml.ts'
import { emptySample, type GpuSample } from './sample.ts'

/** Flags for power, use, temperature, clocks and memory, one line per GPU; with energy, which guests of a VM lack. */
export const amdSmiFlags = ['metric -p -u -t -c -m -E --csv', 'metric -p -u -t -c -m --csv'] as const

/** Prefix of each line of `amd-smi list --csv`, which shares its output with the samples. */
export const amdListPrefix = 'list'

/** A number; null for `N/A` and other text. */
const numberOf = (text: string | undefined): number | null => {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : null
}

/**
 * Reads lines of `amd-smi metric --csv --watch`. Each has its machine's time in seconds as a prefix, because amd-smi
 * rounds its own to seconds. The lines of `amd-smi list` come first and name each GPU by its UUID and PCI address. Each
 * sample begins with its header, whose names differ between versions. Units (`amd-smi metric` without `--csv` prints
 * them): W, percent, °C, MHz, MB, J.
 */
export function amdSmiReader(): (line: string, host: string | null) => SampleLine | null {
  let header: readonly string[] = []
  let listHeader: readonly string[] = []
  const names = new Map<number, Pick<GpuSample, 'uuid' | 'bus'>>()
  const learn = (cells: readonly string[]) => {
    if (cells.includes('gpu')) listHeader = cells
    const named = (pattern: RegExp) => cells[listHeader.findIndex(name => pattern.test(name))] || undefined
    const index = named(/^gpu$/)
    if (index === undefined || !/^\d+$/.test(index)) return
    names.set(Number(index), defined({ uuid: named(/^(?:gpu_)?uuid$/), bus: named(/^(?:gpu_)?bdf$/) }))
  }
  return (line, host) => {
    if (line.startsWith(`${amdListPrefix} `)) {
      learn(cellsOf(line.slice(amdListPrefix.length + 1)))
      return null
    }
    const [, at = '', text = ''] = /^(\d+(?:\.\d+)?) (.*)$/.exec(line) ?? []
    const cells = cellsOf(text)
    if (cells.includes('gpu')) header = cells
    const value = (name: string) => cells[header.indexOf(name)]
    const index = value('gpu') ?? ''
    if (at === '' || cells.length !== header.length || !/^\d+$/.test(index)) return null
    const first = (...names: readonly string[]) => names.map(name => numberOf(value(name))).find(one => one !== null)
    const busy = first('gfx_activity', 'gfx')
    const sample: GpuSample = {
      ...emptySample({
        ...{ id: `${host ?? 'this machine'} AMD GPU ${index}`, host, index: Number(index) },
        ...{ model: null, pod: null, isMig: false, ...names.get(Number(index)) },
      }),
      energyJ: first('total_energy_consumption') ?? null,
      powerW: first('socket_power', 'power_usage') ?? null,
      utilization: busy === undefined ? null : busy / 100,
      memoryUsedMib: first('used_vram', 'vram_used') ?? null,
      memoryTotalMib: first('total_vram', 'vram_total') ?? null,
      smClockMhz: first('gfx_0_clk', 'gfx_clk') ?? null,
      temperatureC: first('hotspot', 'hotspot_temperature', 'edge') ?? null,
    }
    return { sentMs: Number(at) * 1000, samples: [sample] }
  }
}

/** Cells of a line of CSV, in which lists are quoted (`"['N/A', 'N/A']"`). Empty for any other line. */
function cellsOf(text: string): readonly string[] {
  try {
    const [row = []] = parse(text, { relax_column_count: true }) as string[][]
    return row.map(cell => cell.trim())
  } catch {
    return []
  }
}
