import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'

/** The root of this repository. */
export const root = join(import.meta.dirname, '../..')

/** The environment of a user: without this checkout's programs in front. */
export const plainPath = (process.env.PATH ?? '')
  .split(':')
  .filter(part => !part.includes('node_modules'))
  .join(':')

export async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

export async function programs(folder: string, texts: Readonly<Record<string, string>>): Promise<void> {
  await writeAll(folder, texts)
  for (const name of Object.keys(texts)) await chmod(join(folder, name), 0o755)
}

export async function git(folder: string, ...words: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org']
  return (await execa('git', ['-C', folder, ...identity, ...words])).stdout.trim()
}

/** Commits all that is in a folder, and says which commit it is. */
export async function commit(folder: string, message: string): Promise<string> {
  await git(folder, 'add', '--all')
  await git(folder, 'commit', '--quiet', '--message', message)
  return git(folder, 'rev-parse', 'HEAD')
}

/** Packs this checkout and installs it, as the guides tell, in a new repository. Returns its folder. */
export async function scratchRepository(folder: string): Promise<string> {
  const repository = join(folder, 'origin')
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
    PATH: plainPath,
  }
  const options = { env, extendEnv: false, timeout: 300_000 }
  await mkdir(join(repository, 'vendor'), { recursive: true })
  await execa('npm', ['pack', '--pack-destination', join(repository, 'vendor')], { ...options, cwd: root })
  const [tarball = ''] = await readdir(join(repository, 'vendor'))
  await writeAll(repository, {
    '.gitignore': 'node_modules/\n',
    'package.json': '{ "name": "scratch", "private": true }\n',
  })
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await execa('npm', ['install', '--save-dev', ...quiet, `./vendor/${tarball}`], { ...options, cwd: repository })
  await git(repository, 'init', '--quiet', '--initial-branch', 'main')
  return repository
}

/**
 * `npm ci` of the scratch repository: what `npm install` put there, in a moment. Other uses of npm are npm's own.
 * The lock file must be the one that was installed.
 */
export const npmStandIn = (installed: string) => `#!/bin/sh
case "$*" in
  ci*)
    cmp package-lock.json ${installed}/package-lock.json || exit 1
    exec cp -al ${installed}/node_modules node_modules
    ;;
esac
PATH=${plainPath} exec npm "$@"
`

export interface Comment {
  id: number
  body: string
  user: { type: string }
}

/**
 * `gh api`, as far as comments go: pages of two, kept in a file. Refuses another token than the job's, and writes only
 * with the permission.
 */
export const ghStandIn = `#!/usr/bin/env node
const { readFileSync, writeFileSync } = require('node:fs')
const words = process.argv.slice(2)
if (words.shift() !== 'api') throw new Error('only gh api')
if (!(process.env.GH_TOKEN ?? '').startsWith('ghs_')) { console.error('gh: 401'); process.exit(1) }
const file = process.env.COMMENTS
const comments = JSON.parse(readFileSync(file, 'utf8'))
const method = words.includes('--method') ? words[words.indexOf('--method') + 1] : 'GET'
if (method === 'GET') {
  const pages = []
  for (let i = 0; i < comments.length; i += 2) pages.push(comments.slice(i, i + 2))
  if (!words.includes('--paginate') || !words.includes('--slurp')) throw new Error('one page of many')
  console.log(JSON.stringify(pages))
  process.exit(0)
}
if (process.env.MAY_COMMENT !== 'write') { console.error('gh: 403 Resource not accessible by integration'); process.exit(1) }
const body = readFileSync(words[words.indexOf('--field') + 1].replace(/^body=@/, ''), 'utf8')
if (method === 'POST') comments.push({ id: comments.length + 1, body, user: { type: 'Bot' } })
else if (method === 'PATCH') comments.find(({ id }) => words.some(word => word.endsWith('/comments/' + id))).body = body
else throw new Error(method)
writeFileSync(file, JSON.stringify(comments))
`

/** curl, as far as the pipeline uses it against GitLab's notes. */
export const curlStandIn = `#!/usr/bin/env node
const { readFileSync, writeFileSync } = require('node:fs')
const words = process.argv.slice(2)
const url = words.at(-1)
if (!words.includes('PRIVATE-TOKEN: secret')) process.exit(22)
const file = process.env.COMMENTS
const comments = JSON.parse(readFileSync(file, 'utf8'))
const body = () => readFileSync(words[words.indexOf('--form') + 1].replace(/^body=</, ''), 'utf8')
if (words.includes('POST')) comments.push({ id: comments.length + 1, body: body(), user: { type: 'Bot' } })
else if (words.includes('PUT')) comments.find(({ id }) => url.endsWith('/notes/' + id)).body = body()
else console.log(JSON.stringify(comments))
writeFileSync(file, JSON.stringify(comments))
`

/** All runs below a results folder, by sweep and name. */
export async function runsIn(folder: string): Promise<string[]> {
  const sweeps = await readdir(folder).catch(() => [])
  const runs = await Promise.all(
    sweeps.map(async sweep =>
      (await readdir(join(folder, sweep))).filter(name => /^\d{8}T/.test(name)).map(name => join(folder, sweep, name)),
    ),
  )
  return runs.flat().sort()
}

export const revisionOf = async (run: string): Promise<string> =>
  (JSON.parse(await readFile(join(run, 'manifest.json'), 'utf8')) as { git: { revision: string } }).git.revision

/** A sweep of seconds over an endpoint, under a name that the examples use. */
export const smallSweep = (url: string) => `name: nightly
model: { name: mock, tokenizer: builtin:deepseek-v3 }
deploy: { with: attach, url: "${url}", gpus: 4 }
topologies: [agg x1]
workloads: [100/16]
load: { concurrency: [1, 2], requests: 4, warmup: 0x }
repeats: 3
slo: { ttft_p95_ms: 10000, itl_p95_ms: 1000 }
validity: { send_lateness_p99_ms: 60000, event_loop_delay_p99_ms: 60000, cpu_share: 1, run_queue_share: 1, in_flight_share: 0 }
`
