/**
 * How `fulcrum serve` copes with many runs: the first start, a later start, the list, and its memory.
 *
 *   node bench/site.ts [RUNS]
 */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

const repository = join(import.meta.dirname, '..')
const runs = Number(process.argv[2] ?? 5000)
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-site-'))
const results = join(folder, 'results')

/** Copies of a real run of 24 points, over 20 sweeps, an hour apart. */
async function makeRuns(): Promise<void> {
  const real = join(repository, 'results/baseline/quick')
  const manifest = JSON.parse(await readFile(join(real, 'manifest.json'), 'utf8'))
  const journal = await readFile(join(real, 'journal.jsonl'))
  for (let at = 0; at < runs; at++) {
    const [sweep, runId] = [`sweep-${at % 20}`, `run-${String(at).padStart(6, '0')}`]
    const run = join(results, sweep, runId)
    await mkdir(run, { recursive: true })
    const createdAt = new Date(1.7e12 + at * 3_600_000).toISOString()
    await writeFile(join(run, 'manifest.json'), JSON.stringify({ ...manifest, sweep, runId, createdAt }))
    await writeFile(join(run, 'journal.jsonl'), journal)
  }
}

async function measured(what: string): Promise<void> {
  const startedAt = performance.now()
  const env = { XDG_CACHE_HOME: join(folder, 'cache') }
  const site = execa(join(repository, 'bin/fulcrum.js'), ['serve', results, '--port', '0', '--json'], {
    node: true,
    env,
    stderr: 'ignore',
    reject: false,
  })
  const url = await new Promise<string>(resolve => {
    let text = ''
    site.stdout.on('data', chunk => {
      text += chunk
      const found = /"url": ?"([^"]+)"/.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  const readyMs = performance.now() - startedAt
  const times: number[] = []
  for (const path of [
    ...Array(11).fill('/'),
    '/?sort=-throughput&page=7',
    '/?q=sweep-7',
    '/api/v1/runs?per_page=1000',
  ]) {
    const askedAt = performance.now()
    const answer = await fetch(new URL(path, url))
    await answer.text()
    const took = performance.now() - askedAt
    if (path === '/') times.push(took)
    else console.log(`  ${path}: ${took.toFixed(0)} ms`)
  }
  const median = times.toSorted((a, b) => a - b)[5] ?? Number.NaN
  const peakKib = Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${site.pid}/status`, 'utf8'))?.[1])
  console.log(
    `${what}: ready after ${(readyMs / 1000).toFixed(1)} s, list ${median.toFixed(0)} ms (median of 11), peak memory ${(peakKib / 1024).toFixed(0)} MiB`,
  )
  site.kill('SIGINT')
  await site
}

try {
  await makeRuns()
  console.log(`${runs} runs of 24 points`)
  await measured('first start')
  await measured('later start')
} finally {
  await rm(folder, { recursive: true, force: true })
}
