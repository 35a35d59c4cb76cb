/**
 * Cost of reading a dataset: `node bench/datasets.ts [ROWS] [ROUNDS]` (60,000 rows of six turns, about 530 MB, as an
 * array over many lines, as ShareGPT is published; 3 rounds). Each measurement is a process of its own, as `fulcrum
 * validate` is. The rows take turns, and each round gives the ratio of their CPU time to that of only reading and hashing
 * the same bytes.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import { measureDataset } from '../src/generators/dataset.ts'
import { conditions, ratios, spread, takeTurns } from './turns.ts'

const words = 'time year people way day man thing woman life child world school state family student group'.split(' ')
const [rows = 60_000, rounds = 3] = process.argv.slice(2, 4).map(Number)
const [file, cacheFolder, most] = process.argv.slice(4)

/** What one process took. */
interface Taken {
  readonly wallS: number
  readonly cpuS: number
  readonly memoryMiB: number
}

/** A row of the table: how many dataset rows to count, and whether their counts are kept from before. */
interface Mode {
  readonly what: string
  readonly most: number
  readonly isKept?: true
}

const onlyBytes: Mode = { what: 'bytes read and hashed, nothing else', most: 0 }
const modes: readonly Mode[] = [
  onlyBytes,
  { what: 'read, 1,000 rows counted', most: 1000 },
  { what: 'read, 10,000 rows counted', most: 10_000 },
  { what: 'read again, counts of 10,000 rows kept', most: 10_000, isKept: true },
]

if (file === undefined || cacheFolder === undefined) await parent()
else await child(file, cacheFolder, Number(most))

async function parent(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-datasets-'))
  const file = join(folder, 'sharegpt.json')
  const run = async (most: number, cache: string): Promise<Taken> => {
    const args = [rows, rounds].map(String)
    const { stdout } = await execa(process.execPath, [
      import.meta.filename,
      ...args,
      file,
      join(folder, cache),
      `${most}`,
    ])
    return JSON.parse(stdout) as Taken
  }
  try {
    await pipeline(Readable.from(written()), createWriteStream(file))
    // The counts that one of the rows finds.
    await run(10_000, 'kept')
    const taken = await takeTurns(modes, rounds, ({ most, isKept }, round) =>
      run(most, isKept ? 'kept' : `${most}-${round}`),
    )
    const megabytes = Math.round((await stat(file)).size / 1e6)
    const columns = [`${rows} rows, ${megabytes} MB`, 'time', 'CPU', 'CPU against only reading', 'peak memory']
    console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---|').join('')}`)
    const floor = (taken.get(onlyBytes) ?? []).map(({ cpuS }) => cpuS)
    for (const [{ what }, all] of taken) {
      const of = (key: keyof Taken) => all.map(one => one[key])
      const cells = [
        what,
        `${spread(of('wallS'), 1)} s`,
        `${spread(of('cpuS'), 1)} s`,
        spread(ratios(of('cpuS'), floor), 1),
        `${spread(of('memoryMiB'), 0)} MiB`,
      ]
      console.log(`| ${cells.join(' | ')} |`)
    }
    console.log(`\n${conditions()}`)
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
  const cpuBefore = process.cpuUsage()
  if (most === 0) await pipeline(createReadStream(file), createHash('sha256'))
  else {
    const signal = new AbortController().signal
    const asked = { tokenizer: 'builtin:deepseek-v3', api: 'chat', most, cacheFolder, signal } as const
    const { rows: read } = await measureDataset(file, asked)
    if (read !== rows) throw new Error(`${read} of ${rows} rows were read`)
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const taken: Taken = {
    wallS: (performance.now() - startMs) / 1000,
    cpuS: (user + system) / 1e6,
    memoryMiB: process.resourceUsage().maxRSS / 1024,
  }
  console.log(JSON.stringify(taken))
}
