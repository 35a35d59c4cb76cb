import type { Endpoint } from '../model/index.ts'
import { FulcrumError } from '../model/index.ts'

/**
 * The endpoint's bearer token, from the environment only.
 * @throws FulcrumError environment `api-key-missing` if the variable is not set
 */
export function apiKeyOf(endpoint: Endpoint, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (endpoint.apiKeyEnv === undefined) return undefined
  const key = env[endpoint.apiKeyEnv]
  if (key !== undefined && key !== '') return key
  throw new FulcrumError(
    'environment',
    'api-key-missing',
    `the environment variable ${endpoint.apiKeyEnv} is not set`,
    {
      where: endpoint.url,
      remedy: `set ${endpoint.apiKeyEnv} to the endpoint's bearer token`,
    },
  )
}
