/**
 * What reading a dataset costs: `node bench/datasets.ts [ROWS]` (60,000 rows of six turns, about 530 MB, as an array
 * over many lines, as ShareGPT is published). Each row of the table is a process of its own, as `fulcrum validate` is.
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import { measureDataset } from '../src/generators/dataset.ts'

const words = 'time year people way day man thing woman life child world school state family student group'.split(' ')
const [rows = 60_000] = process.argv.slice(2, 3).map(Number)
const [file, cacheFolder, most] = process.argv.slice(3)

if (file === undefined || cacheFolder === undefined) await parent()
else await child(file, cacheFolder, Number(most))

async function parent(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-datasets-'))
  try {
    const file = join(folder, 'sharegpt.json')
    await pipeline(Readable.from(written()), createWriteStream(file))
    console.log(`| ${rows} rows, ${Math.round((await stat(file)).size / 1e6)} MB | time | peak memory |\n|---|---|---|`)
    for (const [what, most] of [
      ['read, 1,000 rows counted', 1000],
      ['read, 10,000 rows counted', 10_000],
      ['read again, counts kept', 10_000],
    ] as const) {
      const args = [import.meta.filename, `${rows}`, file, folder, `${most}`]
      const { stdout } = await execa(process.execPath, args)
      console.log(`| ${what} ${stdout}`)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

function* written(): Generator<string> {
  const turn = (row: number, at: number) => ({
    from: at % 2 === 0 ? 'human' : 'gpt',
    value: Array.from(
      { length: 150 + ((row * 7 + at) % 200) },
      (_, word) => words[(row * 31 + word * 17 + at) % 16],
    ).join(' '),
  })
  yield '[\n'
  for (let row = 0; row < rows; row++) {
    const conversations = Array.from({ length: 6 }, (_, at) => turn(row, at))
    yield `${JSON.stringify({ id: `${row}`, conversations }, null, 1)}${row < rows - 1 ? ',' : ''}\n`
  }
  yield ']\n'
}

async function child(file: string, cacheFolder: string, most: number): Promise<void> {
  const startMs = performance.now()
  const signal = new AbortController().signal
  const { rows: read } = await measureDataset(file, {
    tokenizer: 'builtin:deepseek-v3',
    api: 'chat',
    most,
    cacheFolder,
    signal,
  })
  if (read !== rows) throw new Error(`${read} of ${rows} rows were read`)
  const peakMiB = process.resourceUsage().maxRSS / 1024
  console.log(`| ${((performance.now() - startMs) / 1000).toFixed(1)} s | ${peakMiB.toFixed(0)} MiB |`)
}
