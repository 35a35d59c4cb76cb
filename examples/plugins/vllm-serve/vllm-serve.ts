import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  type Deployer,
  type DeployerContext,
  type Deployment,
  decisive,
  defineDeployer,
  durationInSeconds,
  field,
  operational,
  program,
} from 'fulcrum'
import { z } from 'zod'
import { serveCommand } from './command.ts'

/** What the sweep file says, as Fulcrum read it: paths are absolute, durations in seconds. */
interface Config {
  readonly program: string
  readonly source?: string | undefined
  readonly args: { readonly [name: string]: string | number | boolean }
  readonly port?: number | undefined
  readonly ready_timeout: number
}

/** Plain vLLM: one `vllm serve` process on loopback, without Dynamo. */
export default defineDeployer({
  name: 'vllm-serve',
  about: 'Plain vLLM: one `vllm serve` process on this machine.',
  keys: {
    program: decisive(
      field(
        program.prefault('vllm'),
        'The program: a path relative to the sweep file, or a name on PATH. Default: `vllm`.',
        'write the path of vllm',
      ),
    ),
    source: decisive(
      field(
        z.string().min(1).optional(),
        'What to load: a name on Hugging Face or a folder. Default: the model’s name.',
        'write a name or a folder',
      ),
    ),
    args: decisive(
      field(
        z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
        'Arguments of `vllm serve` without dashes.',
        'write name: value pairs',
      ),
    ),
    // These two change nothing about a measurement: they are no part of any id.
    port: operational(
      field(z.int().min(1).max(65_535).optional(), 'Port on 127.0.0.1. Default: a free one.', 'write a port'),
    ),
    ready_timeout: operational(
      field(
        durationInSeconds.prefault('600s'),
        'How long the server may take until it answers. Default: `600s`.',
        'write a duration such as 10m',
      ),
    ),
  },
  capabilities: () => ({
    misfit: ({ topology }) =>
      topology.kind === 'aggregated' && topology.workers === 1
        ? null
        : {
            path: null,
            wrong: 'plain vLLM has no router: it runs one aggregated worker',
            remedy: 'write agg x1, or use the deployer dynamo',
          },
  }),
  // With the engine's name, Fulcrum checks its rules, and takes a worker's GPUs from the parallel sizes.
  workers: ({ args }) => ({
    engine: 'vllm',
    isComplete: true,
    arguments: () => [{ settings: args, path: ['deploy', 'args'] }],
    engineFile: () => null,
  }),
  startupS: () => 120,
  doctor: async ({ program: command }) => {
    const check = { name: 'vllm', where: 'this machine' }
    try {
      const { stdout } = await promisify(execFile)(command, ['--version'], { timeout: 60_000 })
      return [{ ...check, ok: true, detail: `${stdout.trim()} (${command})` }]
    } catch (error) {
      const detail = `${command} does not run: ${error instanceof Error ? error.message : String(error)}`
      return [{ ...check, ok: false, detail, remedy: 'pip install vllm, or name its program in deploy.program.' }]
    }
  },
  create: (config, context) => vllmServe(config, context),
})

type Server = Awaited<ReturnType<DeployerContext['start']>>

function vllmServe(config: Config, context: DeployerContext): Deployer {
  let running: { readonly server: Server; readonly url: string; readonly command: string } | null = null

  const commandOf = ({ engine }: Deployment, port: number | string) =>
    serveCommand({
      program: config.program,
      source: config.source ?? context.model,
      model: context.model,
      port,
      settings: [config.args, engine.aggregated ?? {}],
    })
  /** Two deployments with the same command but for the port are the same server. */
  const designOf = (wanted: Deployment) => commandOf(wanted, '').join('\0')
  const endpointAt = (url: string) => ({
    ...{ url, model: context.model, dialect: 'vllm' as const },
    metricsUrls: { frontend: `${url}/metrics` },
  })

  async function stop(): Promise<void> {
    const last = running
    running = null
    await last?.server.stop()
  }

  return {
    reconcile: async (wanted, change) => {
      const startMs = performance.now()
      const elapsedS = () => (performance.now() - startMs) / 1000
      const [role, label] = ['aggregated', 'agg x1'] as const
      if (running?.server.alive() && running.command === designOf(wanted)) {
        return { endpoint: endpointAt(running.url), workersStarted: 0, workersStopped: 0, elapsedS: elapsedS() }
      }
      const workersStopped = running === null ? 0 : 1
      // The GPUs have to be free before another server loads the model.
      await stop()
      change.signal.throwIfAborted()
      const port = config.port ?? (await context.freePort())
      const server = await context.start({ name: 'vllm', argv: commandOf(wanted, port) })
      change.onEvent({ kind: 'start', what: 'vllm', role, pid: server.pid })
      const url = `http://127.0.0.1:${port}`
      running = { server, url, command: designOf(wanted) }
      try {
        await context.answered(endpointAt(url), { processes: [server], timeoutS: config.ready_timeout, label }, change)
      } catch (error) {
        await stop()
        throw error
      }
      change.onEvent({ kind: 'ready', what: label, elapsedS: elapsedS() })
      return { endpoint: endpointAt(url), workersStarted: 1, workersStopped, elapsedS: elapsedS() }
    },
    check: async () => {
      if (running === null) return ['nothing is deployed']
      return running.server.alive() ? [] : [`vllm (process ${running.server.pid}) has ended`]
    },
    broken: async () => {
      await running?.server.exited
    },
    preview: (from, wanted) => {
      if (from !== null && designOf(from) === designOf(wanted)) return { commands: [], files: [] }
      const stopping = { argv: ['kill', '-TERM', '--', '-<process group of vllm>'], env: {}, note: 'stop vllm' }
      const starting = { argv: commandOf(wanted, config.port ?? '<free port>'), env: {}, note: 'vllm' }
      return { commands: [...(from === null ? [] : [stopping]), starting], files: [] }
    },
    logs: () => (running === null ? {} : { vllm: running.server.lastLines() }),
    close: stop,
  }
}
