import assert from 'node:assert/strict'
import { once } from 'node:events'
import { access, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { freePort } from '../../src/deployers/ports.ts'
import { plainPath } from '../ci/scratch.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'
import { codeBlocks } from '../docs/markdown.ts'
import { infrastructure } from './infrastructure.ts'

const page = await readFile(join(repository, 'docs/tutorial.md'), 'utf8')
const [, section = ''] = /^## 8\. .*?\n(.*?)^## /ms.exec(page) ?? []
const blocks = codeBlocks(section)
const commands = blocks.flatMap(({ language, lines }) => (language === 'sh' ? lines : [])).filter(line => line !== '')
const sweep = blocks.find(({ language }) => language === 'yaml')?.lines.join('\n') ?? ''

/** What `npm run systems` has installed already, and how a command that installs it shows that it is there. */
const installed: readonly { readonly command: RegExp; readonly program: string }[] = [
  { command: /^sudo apt-get install --yes nats-server etcd-server$/, program: 'etcd' },
  { command: /^python3 -m venv dynamo$/, program: 'dynamo/bin/python' },
  { command: /^dynamo\/bin\/pip install ai-dynamo==1\.4\.2$/, program: 'dynamo/bin/python' },
]

describe('the transcript of the tutorial, from the package to a verified Dynamo', { timeout: 600_000 }, () => {
  const cleanup = new AsyncDisposableStack()
  let folder = ''
  let env: Readonly<Record<string, string>> = {}
  let url = ''
  before(async () => {
    folder = cleanup.use(await temporaryFolder()).path
    const shared = await infrastructure(folder)
    cleanup.defer(shared.close)
    env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
      ...{ PATH: plainPath, FULCRUM_STATE_DIR: join(folder, 'state'), XDG_CACHE_HOME: join(folder, 'cache') },
      // The tokenizer, which would come from the Hugging Face hub.
      ...{ HF_HOME: join(repository, '.systems/hf'), HF_HUB_OFFLINE: '1', npm_config_prefer_offline: 'true' },
    }
    await execa('npm', ['pack', '--pack-destination', folder], { cwd: repository, env, extendEnv: false })
    const [tarball = ''] = (await readdir(folder)).filter(name => name.endsWith('.tgz'))
    await rename(join(folder, tarball), join(folder, 'fulcrum-0.2.0.tgz'))
    await symlink(join(repository, '.systems/dynamo'), join(folder, 'dynamo'))
    // Ports of this test's own. Nothing of a small sweep is believed on a busy machine, hence the limits.
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const own = `with: dynamo\n  http_port: ${port}\n  nats: ${shared.nats}\n  etcd: ${shared.etcd}`
    const limits =
      'validity: { send_lateness_p99_ms: 60000, event_loop_delay_p99_ms: 60000, cpu_share: 1, run_queue_share: 1, in_flight_share: 0 }'
    await writeFile(join(folder, 'mocker.yaml'), `${sweep.replace('with: dynamo', own)}\n${limits}\n`)
  })
  after(() => cleanup.disposeAsync())

  const run = (command: string) =>
    execa('bash', ['-euc', command.replace('http://127.0.0.1:8000', url)], {
      ...{ cwd: folder, env, extendEnv: false, reject: false, all: true, timeout: 300_000, stdin: 'ignore' },
    })

  test('has at most twelve commands', () => {
    assert.ok(commands.length >= 8 && commands.length <= 12, commands.join('\n'))
    assert.match(sweep, /^name: mocker\n/)
  })

  test('ends with a deployment whose every figure has a verdict, and stops whole', async () => {
    let verdicts = ''
    for (const command of commands) {
      const there = installed.find(one => one.command.test(command))
      if (there !== undefined) {
        assert.equal((await run(`command -v ${there.program}`)).exitCode, 0, command)
      } else if (command.endsWith('/start.sh')) {
        const script = execa(join(folder, command), {
          cwd: folder,
          env,
          extendEnv: false,
          reject: false,
          detached: true,
          forceKillAfterDelay: false,
        })
        cleanup.defer(async () => {
          script.kill('SIGTERM')
          await script
          await assert.rejects(fetch(`${url}/v1/models`))
        })
        const [said] = await once(createInterface(script.stdout), 'line', { signal: AbortSignal.timeout(180_000) })
        assert.equal(said, `ready: ${url}`)
      } else {
        const { exitCode, all } = await run(command)
        // A machine with neighbours may leave figures undecided, which is exit code 1; doctor may warn of the machine.
        const mayDiffer = / (verify|doctor) /.test(command)
        assert.ok(exitCode === 0 || (mayDiffer && exitCode === 1), `${command}: exit code ${exitCode}\n${all}`)
        if (command.includes(' verify ')) verdicts = all
      }
    }
    await access(join(folder, 'deploy/1000-40/expected.json'))
    for (const figure of ['TTFT p95 ≤ 1000 ms', 'ITL p50', 'Output tokens/s per GPU'])
      assert.match(verdicts, new RegExp(`${figure} .*(held|undecided)`), verdicts)
  })
})
