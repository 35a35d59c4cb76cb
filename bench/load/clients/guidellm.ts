import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { layOutHubCache } from '../../../src/generators/programs/hub-cache.ts'
import type { Cell } from '../cell.ts'
import { isl } from '../cell.ts'
import type { ClientReport } from '../report.ts'

interface Summary {
  readonly successful: { readonly mean: number; readonly percentiles: { readonly p99: number } }
}

interface Report {
  readonly benchmarks: readonly {
    readonly start_time: number
    readonly end_time: number
    readonly duration: number
    readonly metrics: {
      readonly request_totals: { readonly successful: number }
      readonly time_to_first_token_ms: Summary
      readonly inter_token_latency_ms: Summary
    }
  }[]
}

/** Runs GuideLLM on a cell and reads its JSON report. */
export async function runGuideLlm(
  program: string,
  url: string,
  cell: Cell,
  signal: AbortSignal,
): Promise<ClientReport> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-guidellm-'))
  try {
    const hub = await layOutHubCache(join(folder, 'hub'), 'mock', 'builtin:deepseek-v3')
    const output = join(folder, 'benchmarks.json')
    const file = join(folder, 'report.json')
    const options = [
      ['--backend', `kind=openai_http,target=${url},model=mock,request_format=/v1/chat/completions`],
      ['--profile', `kind=concurrent,streams=${cell.concurrency}`],
      ['--constraint', `kind=max_requests,count=${cell.requests}`],
      ['--data', `kind=synthetic_text,prompt_tokens=${isl},output_tokens=${cell.tokens}`],
      ['--tokenizer', `kind=huggingface_auto,model=${hub.tokenizer}`],
      ['--output', `kind=json,path=${file}`],
    ]
    await execa(program, ['run', ...options.flat(), '--disable-console'], {
      env: { ...hub.env },
      cwd: folder,
      cancelSignal: signal,
      all: true,
    })
    const text = await readFile(file, 'utf8').catch(() => readFile(output, 'utf8'))
    const report = JSON.parse(text) as Report
    const benchmark = report.benchmarks[0]
    if (benchmark === undefined) throw new Error('GuideLLM reported no benchmark')
    const { metrics } = benchmark
    return {
      ttftMeanMs: metrics.time_to_first_token_ms.successful.mean,
      ttftP99Ms: metrics.time_to_first_token_ms.successful.percentiles.p99,
      itlMeanMs: metrics.inter_token_latency_ms.successful.mean,
      durationS: benchmark.duration,
      completed: metrics.request_totals.successful,
      loadCpuS: Number.NaN,
      says: '',
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
