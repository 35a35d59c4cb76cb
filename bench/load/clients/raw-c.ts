import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { distributionOf } from '../../../src/metrics/distribution.ts'
import type { Cell } from '../cell.ts'
import { isl } from '../cell.ts'
import type { ClientReport } from '../report.ts'

/** A C compiler; null where there is none. */
export const compiler = spawnSync('cc', ['--version']).status === 0 ? 'cc' : null

/**
 * Compiles raw.c and runs it on a cell; a first token's time is the thread's waking or the kernel's own stamp of the
 * arrival.
 */
export async function rawClient(
  url: string,
  cell: Cell,
  stamp: 'wake' | 'kernel',
  signal: AbortSignal,
): Promise<ClientReport> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-raw-'))
  try {
    const program = join(folder, 'raw')
    await execa('cc', ['-O2', '-o', program, join(import.meta.dirname, 'raw.c')], { cancelSignal: signal })
    const body = JSON.stringify({
      messages: [{ role: 'user', content: 'word '.repeat(isl) }],
      stream: true,
      max_tokens: cell.tokens,
    })
    const argv = [new URL(url).port, `${cell.concurrency}`, `${cell.requests}`, body, stamp]
    const { stdout } = await execa(program, argv, { cancelSignal: signal })
    const { ttftMs, durationS, cpuS } = JSON.parse(stdout) as { ttftMs: number[]; durationS: number; cpuS: number }
    const ttft = distributionOf(Float64Array.from(ttftMs))
    return {
      ttftMeanMs: ttft?.mean ?? Number.NaN,
      ttftP99Ms: ttft?.p99 ?? Number.NaN,
      itlMeanMs: Number.NaN,
      durationS,
      completed: cell.requests,
      loadCpuS: cpuS,
      says: '',
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
