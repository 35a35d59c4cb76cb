import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  decisive,
  defineGenerator,
  FulcrumError,
  field,
  longestRunMs,
  measurementOf,
  operational,
  type Point,
  program,
  promptTexts,
  runProgram,
  writeTokenizer,
} from 'fulcrum'
import { z } from 'zod'
import { benchArguments } from './command.ts'
import { readResult, requestsOf } from './result.ts'

/** vLLM's own load generator in Rust: `vllm-rs bench serve`, tried with 0.33.0. */
export default defineGenerator({
  name: 'vllm-bench-plugin',
  about: 'vLLM’s own client, vllm-rs bench serve',
  keys: {
    command: operational(
      field(
        program.prefault('vllm-rs'),
        'The program: a path relative to the sweep file, or a name on PATH. Default: `vllm-rs`.',
        'write the path of vllm-rs',
      ),
    ),
    args: decisive(
      field(z.array(z.string()).default([]), 'Arguments added to `vllm-rs bench serve` as they are.', 'write a list'),
    ),
  },
  capabilities: {
    apis: ['chat', 'completions'],
    loads: ['concurrency', 'rate'],
    arrivals: ['poisson', 'gamma'],
    maxConcurrency: true,
    lengths: ['fixed', 'normal', 'lognormal', 'uniform', 'empirical'],
    prefixes: true,
    // It sends the prompts of a file that is written for the point, with the point's own words in front.
    prompts: 'fresh',
  },
  shortfalls: ({ load }) => [
    ...(load.streaming
      ? []
      : [lacks('streaming', 'the generator vllm-bench-plugin always streams answers', 'remove streaming: false')]),
    ...(load.requests === undefined
      ? [
          lacks(
            'duration',
            'the generator vllm-bench-plugin ends after a number of requests',
            'write requests, such as 10x',
          ),
        ]
      : []),
  ],
  doctor: async ({ command }) => {
    const found = { name: 'vllm-rs', where: 'this machine' }
    try {
      return [{ ...found, ok: true, detail: `${await versionOf(command)} (${command})` }]
    } catch (error) {
      return [{ ...found, ok: false, detail: `${command} does not run: ${messageOf(error)}`, remedy }]
    }
  },
  create: ({ command, args }, { runFolder, ledger }) => ({
    measure: async (point, endpoint, { folder: pointFolder, signal, onProgress }) => {
      if (endpoint.apiKeyEnv !== undefined) throw noBearerToken()
      const folder = join(pointFolder, 'vllm-bench')
      const files = { prompts: join(folder, 'prompts.jsonl'), result: join(folder, 'result.json') }
      const logFile = join(folder, 'vllm-rs.log')
      onProgress({ phase: 'preparing', done: 0, total: point.load.requests ?? null })
      await mkdir(folder, { recursive: true })
      const tokenizer = join(folder, 'tokenizer')
      await writeTokenizer(point.deployment.model, tokenizer)
      const prompts = promptsOf(point, await promptTexts(point, signal))
      await writeFile(files.prompts, prompts.map(promptLine).join(''))

      onProgress({ phase: 'measuring', done: 0, total: prompts.length })
      const end = await runProgram({
        name: 'vllm-bench',
        argv: [command, ...benchArguments(point, endpoint, { ...files, tokenizer, folder }), ...args],
        env: { HF_HUB_OFFLINE: '1', NO_COLOR: '1', NO_PROXY: '*' },
        folder,
        logFile,
        deadlineMs: longestRunMs(point.load),
        signal,
        ledger: await ledger(),
      })
      onProgress({ phase: 'summarising', done: 0, total: null })
      const text = await readFile(files.result, 'utf8').catch(() => null)
      if (text === null || end.gaveUp !== null) throw noResult(end, logFile)
      const result = readResult(text, logFile)
      const { requests, interChunkMs } = requestsOf(result, prompts)
      return measurementOf(point, {
        version: await versionOf(command),
        requests,
        interChunkMs,
        startedAtMs: Date.now() - result.duration * 1000,
        wallS: end.elapsedS,
        // It asks for `usage`, and output_lens are the server's.
        tokenSource: 'usage',
        remarks: remarksOf(point),
        runFolder,
        files: [files.result, logFile],
      })
    },
    close: async () => {},
  }),
})

const remedy =
  'Take vllm-rs out of the wheel of vllm: pip download --no-deps vllm==0.33.0; unzip -j vllm-*.whl vllm/vllm-rs; chmod +x vllm-rs.'

async function versionOf(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, ['--version'], { timeout: 60_000 })
  return stdout.trim().split(' ').at(-1) ?? 'unknown'
}

const lacks = (key: string, wrong: string, right: string) => ({ section: 'load' as const, key, wrong, right })

type Prompts = Awaited<ReturnType<typeof promptTexts>>

/** One prompt for each measured request; they come round when the point has fewer. */
function promptsOf({ load }: Point, distinct: Prompts): Prompts {
  return Array.from({ length: load.requests ?? 0 }, (_, index) => distinct[index % distinct.length]).flatMap(
    one => one ?? [],
  )
}

const promptLine = ({ text, outputTokens }: Prompts[number]) =>
  `${JSON.stringify({ prompt: text, output_tokens: outputTokens })}\n`

/** It sends the first prompt to see that the server answers, and for every request of its warm-up. */
function remarksOf({ load }: Point) {
  return [
    {
      severity: 'note' as const,
      code: 'first-prompt-repeated',
      message: `vllm-rs sends the first prompt ${load.warmup + 1} times before it measures: a prefix cache answers it sooner`,
    },
  ]
}

function noBearerToken(): FulcrumError {
  const message =
    'The generator vllm-bench-plugin does not support a bearer token: vllm-rs takes headers on its command line only'
  return new FulcrumError('bad-input', 'generator-cannot', message, { remedy: 'Write generator: built-in.' })
}

function noResult(end: Awaited<ReturnType<typeof runProgram>>, logFile: string): FulcrumError {
  const exit = end.exit?.signal ?? `code ${end.exit?.code ?? 'unknown'}`
  const cause = end.lines.join(' ').match(/Caused by:\s*(.{1,300})/)?.[1] ?? end.lines.at(-1) ?? 'it said nothing'
  const message =
    end.gaveUp === null ? `vllm-rs ended with ${exit}: ${cause.trim()}` : `vllm-rs was ended: ${end.gaveUp}`
  return new FulcrumError('failed', 'vllm-bench-failed', message, { where: logFile })
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
