import assert from 'node:assert/strict'
import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'

test('the packed package runs a sweep with `npx fulcrum` outside the repository', { timeout: 600_000 }, async () => {
  await using folder = await temporaryFolder()
  // Without node_modules/.bin in front, so that the machine's own npm and npx are the ones that a user has.
  const PATH = (process.env.PATH ?? '')
    .split(':')
    .filter(part => !part.includes('node_modules'))
    .join(':')
  const options = { cwd: folder.path, env: { PATH, FULCRUM_STATE_DIR: join(folder.path, 'state') }, timeout: 300_000 }
  await execa('npm', ['pack', '--pack-destination', folder.path], { ...options, cwd: repository })
  const tarball = (await readdir(folder.path)).find(name => name.endsWith('.tgz')) ?? ''
  await execa('npm', ['init', '-y'], options)
  await execa('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`], options)

  const { stdout: version } = await execa('npx', ['--no-install', 'fulcrum', '--version'], options)
  const { version: expected } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
    version: string
  }
  assert.equal(version, expected)

  await execa('npx', ['--no-install', 'fulcrum', 'init', 'mine.yaml'], options)
  const ran = await execa('npx', ['--no-install', 'fulcrum', 'run', 'mine.yaml', '--json'], {
    ...options,
    reject: false,
  })
  const outcome = JSON.parse(ran.stdout.split('\n').at(-1) ?? '') as {
    points: { planned: number; missing: number }
    report: { index: string }
  }
  assert.deepEqual([outcome.points.planned, outcome.points.missing], [24, 0], ran.stderr)
  await access(outcome.report.index)
})
