import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../../src/model/index.ts'
import type { ProcessLedger } from '../../src/process/ledger.ts'
import { startProcess } from '../../src/process/process.ts'
import { type FollowedVersion, followedVersions } from '../../src/simulator/followed-version.ts'

const root = resolve(import.meta.dirname, '../..')

/** Times of DeepSeek-R1 FP4 on 4×GB200, for the mocker's `--planner-profile-data`. */
export const timingTable = join(root, 'profiles/deepseek-r1-fp4-gb200-tp4ep4.npz')

export const mockedModel = { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' }

const pythons: { readonly [version in FollowedVersion]: string } = {
  '1.6.1': join(root, '.systems/dynamo-1.6/bin/python'),
  '1.4.2': join(root, '.systems/dynamo/bin/python'),
}

/** The version of a command line; by default the newest. */
export const versionOf = (asked: string | undefined): FollowedVersion =>
  followedVersions.find(version => version === asked) ?? followedVersions[0]

export interface RealMocker {
  readonly version: FollowedVersion
  readonly prefill: number
  readonly decode: number
  readonly kvBlocks: number
  readonly kvBytesPerToken: number
  /** Further arguments of all workers. */
  readonly args?: readonly string[]
  /** For logs and discovery. */
  readonly folder: string
  readonly ledger: ProcessLedger
  readonly signal: AbortSignal
}

/** Starts a real Dynamo with prefill and decode workers of its mocker, by hand, and waits until all are registered. */
export async function startRealMocker(options: RealMocker): Promise<{ endpoint: Endpoint; stop(): Promise<void> }> {
  const { version, prefill, decode, folder, signal } = options
  const port = await freePort()
  const planes = ['--discovery-backend', 'file', '--request-plane', 'tcp', '--event-plane', 'zmq']
  const env = {
    HF_HUB_OFFLINE: '1',
    HF_HOME: join(root, '.systems/hf'),
    DYN_TCP_RPC_HOST: '127.0.0.1',
    DYN_NAMESPACE: 'against',
    DYN_FILE_KV: join(folder, 'kv'),
  }
  const start = (name: string, args: readonly string[]) =>
    startProcess(
      {
        name,
        argv: [pythons[version], '-m', ...args, ...planes],
        env,
        cwd: folder,
        logFile: join(folder, `${name}.log`),
      },
      options.ledger,
    )
  const worker = (role: string, index: number) =>
    start(`${role}-${index}`, [
      ...['dynamo.mocker', '--model-path', mockedModel.name, '--engine-type', 'trtllm', '--disaggregation-mode', role],
      ...['--planner-profile-data', timingTable, '--kv-bytes-per-token', String(options.kvBytesPerToken)],
      ...['--num-gpu-blocks-override', String(options.kvBlocks), ...(options.args ?? [])],
    ])
  const http = ['--http-port', String(port), '--http-host', '127.0.0.1', '--namespace', 'against']
  const processes = await Promise.all([
    start('frontend', ['dynamo.frontend', ...http]),
    ...Array.from({ length: decode }, (_, index) => worker('decode', index)),
    ...Array.from({ length: prefill }, (_, index) => worker('prefill', index)),
  ])
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    const health = await fetch(`${url}/health`).then(
      answer => answer.text(),
      () => '',
    )
    if (health.split('"generate"').length - 1 >= prefill + decode) break
    await sleep(500, undefined, { signal })
  }
  await sleep(2000)
  return {
    endpoint: { url, model: mockedModel.name, dialect: 'dynamo-1', metricsUrls: {} },
    stop: async () => {
      await Promise.all(processes.map(one => one.stop(3000)))
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(done => server.once('listening', done))
  const address = server.address()
  await new Promise(done => server.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}
