import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { layOutHubCache } from '../../../src/generators/programs/hub-cache.ts'
import { comingRound, promptTextsOf } from '../../../src/generators/prompt-texts.ts'
import { vllmBenchArguments } from '../../../src/generators/vllm-bench/command.ts'
import { readBenchResult } from '../../../src/generators/vllm-bench/result-file.ts'
import { rowsOf } from '../../../src/generators/vllm-bench/rows.ts'
import { distributionOf } from '../../../src/metrics/distribution.ts'
import type { Cell } from '../cell.ts'
import { endpointOf, pointOf } from '../point.ts'
import type { Prepared } from '../report.ts'

/**
 * Prepares `vllm-rs bench serve` for a cell with the arguments of Fulcrum's driver. Prompts and tokenizer are written
 * before, so that the command alone is measured.
 */
export async function vllmRs(program: string, url: string, cell: Cell, signal: AbortSignal): Promise<Prepared> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-vllm-rs-'))
  const point = pointOf(cell, 'vllm-bench')
  const hub = await layOutHubCache(join(folder, 'hub'), 'mock', 'builtin:deepseek-v3')
  const prompts = join(folder, 'prompts.jsonl')
  const texts = comingRound(await promptTextsOf(point, signal), cell.requests)
  await writeFile(
    prompts,
    texts
      .map(({ text, outputTokens }) => `${JSON.stringify({ prompt: text, output_tokens: outputTokens })}\n`)
      .join(''),
  )
  // The truth is of all requests: so are its figures.
  const whole = { ...point, load: { ...point.load, window: 'whole' as const } }
  const inputs = { prompts, tokenizer: hub.folder, folder, resultName: 'result.json', args: [] }
  return {
    run: async () => {
      await execa(program, vllmBenchArguments(whole, endpointOf(url), inputs), {
        env: { ...hub.env, OPENAI_API_KEY: '' },
        cancelSignal: signal,
        all: true,
      })
      const file = join(folder, inputs.resultName)
      return { file, text: await readFile(file, 'utf8') }
    },
    read: ({ file, text }) => {
      const result = readBenchResult(text, file, '')
      const rows = rowsOf(result, []).filter(({ failure }) => failure === null)
      const ttft = distributionOf(Float64Array.from(rows, row => row.firstTokenMs - row.sentMs))
      const itl = distributionOf(
        Float64Array.from(rows, row => (row.lastTokenMs - row.firstTokenMs) / (row.outputTokens - 1)),
      )
      return {
        ttftMeanMs: ttft?.mean ?? Number.NaN,
        ttftP99Ms: ttft?.p99 ?? Number.NaN,
        itlMeanMs: itl?.mean ?? Number.NaN,
        durationS: result.duration,
        completed: result.completed,
        loadCpuS: Number.NaN,
        says: '',
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
