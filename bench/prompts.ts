/**
 * What making prompts costs: `node bench/prompts.ts [COUNT] [ISL]` (1,000 of 8,000 tokens). Each row is a process of
 * its own, as a run is; then every prompt is counted with the model's whole tokenizer, which is what making them
 * avoids.
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

/** As one run has it. */
const book = createPromptBook()
const tokenizerName = 'builtin:deepseek-v3'
const [count = 1000, isl = 8000] = process.argv.slice(2, 4).map(Number)
const [mode, cacheFolder] = process.argv.slice(4)

if (mode === undefined || cacheFolder === undefined) await parent()
else await child(mode, cacheFolder)

async function parent(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-prompts-'))
  const run = async (mode: string) => {
    const { stdout } = await execa(process.execPath, [import.meta.filename, `${count}`, `${isl}`, mode, folder])
    console.log(stdout)
  }
  try {
    console.log(`| ${count} prompts of ${isl} tokens | time | CPU | memory of the process |\n|---|---|---|---|`)
    await run('first run with a tokenizer')
    await run('later runs')
    await run('second point of a run')
    await run('each prompt counted by the tokenizer')
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function child(mode: string, cacheFolder: string): Promise<void> {
  const counting = mode === 'each prompt counted by the tokenizer'
  const earlier = counting || mode === 'second point of a run' ? await prompts(cacheFolder, 'first/1') : null
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  if (counting && earlier !== null) await countAll(earlier)
  else await prompts(cacheFolder, 'second/1')
  const tookS = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  const cpuS = (user + system) / 1e6
  const memoryMiB = process.memoryUsage.rss() / 2 ** 20
  console.log(`| ${mode} | ${tookS.toFixed(2)} s | ${cpuS.toFixed(2)} s | ${memoryMiB.toFixed(0)} MiB |`)
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
