/**
 * Cost of making prompts: `node bench/prompts.ts [COUNT] [ISL] [ROUNDS]` (1,000 of 8,000 tokens, 3 rounds). Each
 * measurement is a process of its own, as a run is. The last row counts every prompt with the model's whole tokenizer,
 * the work that making them avoids. The rows take turns, forwards and backwards, so that a busy machine slows all of
 * them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { createPromptBook } from '../src/generators/prompt-book.ts'
import type { PromptSet } from '../src/generators/prompt-set.ts'
import { promptJson } from '../src/generators/prompt-set.ts'
import { createPromptSet } from '../src/generators/prompts.ts'
import type { ChatMessage } from '../src/generators/tokenizer.ts'
import { buildTokenizer, readTokenizer } from '../src/generators/tokenizer.ts'
import { conditions, ratios, spread, takeTurns } from './turns.ts'

/** As one run has it. */
const book = createPromptBook()
const tokenizerName = 'builtin:deepseek-v3'
const [count = 1000, isl = 8000, rounds = 3] = process.argv.slice(2, 5).map(Number)
const [mode, cacheFolder] = process.argv.slice(5)

/** What one process measured. */
interface Taken {
  readonly wallS: number
  readonly cpuS: number
  readonly memoryMiB: number
}

const firstRun = 'first run with a tokenizer'
const counting = 'each prompt counted by the tokenizer'
const modes = [firstRun, 'later runs', 'second point of a run', counting]

if (mode === undefined || cacheFolder === undefined) await parent()
else await child(mode, cacheFolder)

async function parent(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-prompts-'))
  const run = async (mode: string, cache: string): Promise<Taken> => {
    const args = [count, isl, rounds].map(String)
    const { stdout } = await execa(process.execPath, [import.meta.filename, ...args, mode, cache])
    return JSON.parse(stdout) as Taken
  }
  try {
    // The cache that all rows but the first one find full.
    await run(firstRun, folder)
    const taken = await takeTurns(modes, rounds, (mode, round) =>
      run(mode, mode === firstRun ? join(folder, `first-${round}`) : folder),
    )
    print(taken)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function print(taken: ReadonlyMap<string, readonly Taken[]>): void {
  const columns = [
    `${count} prompts of ${isl} tokens`,
    'time',
    'CPU',
    'CPU against later runs',
    'memory of the process',
  ]
  console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---|').join('')}`)
  const later = taken.get('later runs') ?? []
  for (const [mode, all] of taken) {
    const of = (key: keyof Taken) => all.map(one => one[key])
    const against = ratios(
      of('cpuS'),
      later.map(({ cpuS }) => cpuS),
    )
    const cells = [
      mode,
      `${spread(of('wallS'))} s`,
      `${spread(of('cpuS'))} s`,
      spread(against),
      `${spread(of('memoryMiB'), 0)} MiB`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
  console.log(`\n${conditions()}`)
}

async function child(mode: string, cacheFolder: string): Promise<void> {
  const counts = mode === counting
  const earlier = counts || mode === 'second point of a run' ? await prompts(cacheFolder, 'first/1') : null
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  if (counts && earlier !== null) await countAll(earlier)
  else await prompts(cacheFolder, 'second/1')
  const wallS = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  const taken: Taken = { wallS, cpuS: (user + system) / 1e6, memoryMiB: process.memoryUsage.rss() / 2 ** 20 }
  console.log(JSON.stringify(taken))
}

function prompts(cacheFolder: string, salt: string): Promise<PromptSet> {
  return createPromptSet({
    model: { name: 'bench', tokenizer: tokenizerName },
    api: 'chat',
    workload: { name: 'bench', isl: { kind: 'fixed', tokens: isl }, osl: { kind: 'fixed', tokens: 256 } },
    count,
    seed: 100,
    salt,
    cacheFolder,
    book,
    signal: AbortSignal.timeout(600_000),
  })
}

/** Fails at the first prompt that is not as long as asked. */
async function countAll(set: PromptSet): Promise<void> {
  const tokenizer = buildTokenizer(await readTokenizer(tokenizerName))
  for (let index = 0; index < set.count; index++) {
    const messages = JSON.parse(Buffer.from(promptJson(set, index)).toString()) as ChatMessage[]
    const counted = tokenizer.encodeChat(messages).length
    if (counted !== isl) throw new Error(`prompt ${index} has ${counted} tokens, not ${isl}`)
  }
}
