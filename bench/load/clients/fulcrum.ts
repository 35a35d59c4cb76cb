import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { readRun } from '../../../src/journal/index.ts'
import { judge } from '../../../src/metrics/validity.ts'
import { packedFulcrum } from '../../packed.ts'
import { isl } from '../cell.ts'
import type { Contestant } from '../contestants.ts'
import { reportBy } from '../report.ts'
import { cacheFolder } from './cache.ts'

/**
 * The whole command as a user gives it: `fulcrum run`, from the packed package of a checkout, of a sweep of one point on
 * an endpoint that is running.
 */
export function fulcrumRun(checkout: string): Contestant['prepare'] {
  let packing: Promise<string> | null = null
  /** Whether the command has filled the compile cache, and saved the code of a whole run. */
  let isWarm = false
  return async (url, cell, signal) => {
    packing ??= packedFulcrum(checkout)
    const program = await packing
    // Saved code is of one checkout.
    const cache = join(await cacheFolder(), encodeURIComponent(checkout))
    await mkdir(cache, { recursive: true })
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-run-'))
    const sweep = join(folder, 'sweep.yaml')
    const sweepOf = (requests: number, tokens: number) => `name: bench
model: { name: mock, tokenizer: builtin:deepseek-v3 }
deploy: { with: attach, url: ${url}, gpus: 1 }
topologies: [{ aggregated: 1 }]
workloads: [{ isl: ${isl}, osl: ${tokens} }]
load: { concurrency: [${Math.min(cell.concurrency, requests)}], requests: ${requests}, warmup: 0 }
`
    const run = async () => {
      const results = await mkdtemp(join(folder, 'results-'))
      const argv = [program, 'run', sweep, '--new', '--out', results]
      // Exit code 1 is a point that a busy machine made invalid: its cost counts all the same.
      const { exitCode, all } = await execa(process.execPath, argv, {
        env: { XDG_CACHE_HOME: join(cache, 'cache'), XDG_STATE_HOME: join(cache, 'state') },
        cancelSignal: signal,
        all: true,
        reject: false,
      })
      const at = /^run: (.*)$/m.exec(all)?.[1]
      if (at === undefined || (exitCode ?? 2) > 1) throw new Error(all)
      return { file: at, text: all }
    }
    if (!isWarm) {
      await writeFile(sweep, sweepOf(8, 8))
      await run()
      isWarm = true
    }
    await writeFile(sweep, sweepOf(cell.requests, cell.tokens))
    return {
      run,
      read: async ({ file }) => {
        const [result] = (await readRun(file)).results
        const measurement = result?.measurement
        if (result === undefined || !measurement) throw new Error('the run has no measurement')
        const findings = judge(result.point, measurement).filter(({ severity }) => severity === 'invalid')
        return reportBy(measurement, findings.length === 0 ? 'valid' : findings.map(({ code }) => code).join(', '))
      },
      close: () => rm(folder, { recursive: true, force: true }),
    }
  }
}
