import type { Site } from '../site/server.ts'
import type { ServeRequest } from './serve/open-site.ts'

/**
 * Serves a results folder as a site that can only be read, until it is disposed of.
 * @throws FulcrumError (bad-input) when there is no such folder; (environment) when the port is taken
 */
export async function serveResults(request: ServeRequest): Promise<Site> {
  // Vega takes most of a second to load, which no other command should wait for.
  const { openSite } = await import('./serve/open-site.ts')
  return openSite(request)
}
