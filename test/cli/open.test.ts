import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { onePoint } from '../../bench/one-point.ts'
import { fulcrum, program, repository, temporaryFolder } from './fulcrum.ts'

const baseline = join(repository, 'results/baseline')

/** A folder with a program that stands in for the opener of a desktop, and notes what it is asked to open. */
async function desktop(script: string) {
  const place = await temporaryFolder()
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  await writeFile(join(place.path, opener), `#!/bin/sh\n${script}\n`)
  await chmod(join(place.path, opener), 0o755)
  const opened = join(place.path, 'opened')
  return {
    ...place,
    env: { PATH: `${place.path}:${process.env.PATH}`, DISPLAY: ':99', OPENED: opened },
    opened: () => readFile(opened, 'utf8'),
  }
}

const notes = 'echo "$1" > "$OPENED"'

test('--open shows the page that each command writes', async () => {
  await using place = await desktop(notes)
  const run = join(place.path, 'run')
  await cp(join(baseline, 'quick'), run, { recursive: true })
  const to = join(place.path, 'to')
  const pages = [
    [['report', run], join(run, 'report/index.html')],
    [['overlay', run, '--to', join(to, 'page.html')], join(to, 'page.html')],
    [['compare', run, run, '--to', to], join(to, 'comparison.html')],
    [['compare', run, run, run, '--to', to], join(to, 'comparison.html')],
    [['capacity', run, '--rps', '2', '--to', to], join(to, 'capacity.html')],
  ] as const
  for (const [args, page] of pages) {
    const { exitCode, stderr } = await fulcrum([...args, '--open'], { env: place.env })
    assert.ok(exitCode === 0 || exitCode === 1, stderr)
    assert.equal(await place.opened(), `${page}\n`)
  }
})

test('--open shows the report of a run that was just measured, and the history of its sweep', async () => {
  await using place = await desktop(notes)
  const sweep = join(place.path, 'sweep.yaml')
  await writeFile(sweep, onePoint)
  const out = ['--out', join(place.path, 'results')]
  const { stderr } = await fulcrum(['run', sweep, ...out, '--open'], { env: place.env })
  assert.match(await place.opened(), /\/results\/.*\/report\/index\.html\n$/, stderr)
  const history = await fulcrum(['history', ...out, '--to', place.path, '--open'], { env: place.env })
  assert.equal(await place.opened(), `${join(place.path, 'history.html')}\n`, history.stderr)
})

test('fulcrum serve --open shows the site', async () => {
  await using place = await desktop(notes)
  const serving = execa(process.execPath, [program, 'serve', baseline, '--port', '0', '--open'], {
    env: place.env,
    reject: false,
  })
  try {
    const [said] = await once(createInterface(serving.stdout), 'line', { signal: AbortSignal.timeout(60_000) })
    const url = /http:\S+/.exec(said)?.[0]
    const until = performance.now() + 60_000
    let opened = ''
    while (opened === '' && performance.now() < until) {
      opened = await place.opened().catch(() => '')
      await setTimeout(50)
    }
    assert.equal(opened, `${url}\n`)
  } finally {
    serving.kill('SIGINT')
    assert.equal((await serving).exitCode, 0)
  }
})

test('--open says where the page is if no browser can be started, and changes no exit code', async () => {
  await using failing = await desktop('exit 3')
  await using place = await desktop(notes)
  const page = join(place.path, 'page.html')
  const overlay = ['overlay', join(baseline, 'quick'), '--to', page, '--open']
  for (const env of [failing.env, { ...place.env, DISPLAY: '', WAYLAND_DISPLAY: '', BROWSER: '' }]) {
    const { exitCode, stderr } = await fulcrum(overlay, { env })
    assert.deepEqual([exitCode, stderr], [0, `No browser can be started here. Open ${page}`])
  }
  await assert.rejects(place.opened())
})

test('--open needs a folder where a command writes a page only with --to', async () => {
  const run = join(baseline, 'quick')
  for (const args of [['compare', run, run], ['history'], ['capacity', run]]) {
    const { exitCode, stderr } = await fulcrum([...args, '--open'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /--open needs --to DIR/)
  }
})
