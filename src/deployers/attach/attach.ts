import { type Asking, askingByDefault, probe } from '../../generators/probe.ts'
import {
  bearer,
  type Deployment,
  defined,
  deploymentLabel,
  type Endpoint,
  FulcrumError,
  isLoopbackHost,
} from '../../model/index.ts'
import { getPage } from '../../telemetry/get-page.ts'
import type { Deployer } from '../deployer.ts'
import type { AttachConfig } from './config.ts'

/** The first request may make the server load a model. */
const probeLimitMs = 120_000
const checkLimitMs = 5_000

/**
 * An endpoint that is already running. It has one deployment, and Fulcrum starts and stops nothing.
 * @param ask how the load sends requests
 */
export function attachDeployer(config: AttachConfig, model: string, ask: Asking = askingByDefault): Deployer {
  let attached: Deployment | null = null
  const endpoint = endpointOf(config, model)

  return {
    reconcile: async (wanted, { signal, onEvent }) => {
      if (attached !== null && attached.id !== wanted.id) {
        const labels = [attached, wanted].map(deployment => deploymentLabel(deployment))
        throw new FulcrumError(
          'bad-input',
          'attached-endpoint-is-fixed',
          `The sweep describes ${config.url} as ${labels[0]}; Fulcrum cannot change it to ${labels[1]}`,
          {
            where: config.url,
            remedy: 'Attach measures one topology with one engine configuration; write one entry only.',
          },
        )
      }
      const startMs = performance.now()
      onEvent({ kind: 'waiting', what: config.url, elapsedS: 0, deadlineS: probeLimitMs / 1000 })
      await probe(endpoint, { signal, timeoutMs: probeLimitMs, ...ask })
      attached = wanted
      const elapsedS = (performance.now() - startMs) / 1000
      onEvent({ kind: 'ready', what: config.url, elapsedS })
      return { endpoint, workersStarted: 0, workersStopped: 0, elapsedS }
    },

    check: async signal => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(checkLimitMs)])
      const answer = await getPage(`${config.url}/v1/models`, tokenOf(config), limit).catch(() => null)
      signal.throwIfAborted()
      if (answer === null) return [`${config.url} does not answer`]
      return answer.status < 500 ? [] : [`${config.url} answers HTTP ${answer.status}`]
    },

    preview: () => ({ commands: [], files: [] }),
    logs: () => ({}),
    // The GPUs of a remote endpoint are not on this machine.
    gpuPlaces: () => ({ holders: [], hosts: isLocal(config.url) ? [null] : [] }),
    close: async () => {},
  }
}

/** The endpoint that the sweep file names. */
export function endpointOf(config: AttachConfig, model: string): Endpoint {
  return {
    url: config.url,
    model,
    dialect: config.dialect,
    metricsUrls: { frontend: `${config.url}/metrics` },
    ...defined({ apiKeyEnv: config.api_key_env }),
  }
}

/** Whether only this machine reaches a URL. */
export const isLocal = (url: string): boolean => isLoopbackHost(new URL(url).hostname)

const tokenOf = ({ api_key_env: apiKeyEnv }: AttachConfig) =>
  bearer(apiKeyEnv === undefined ? undefined : process.env[apiKeyEnv]).authorization
