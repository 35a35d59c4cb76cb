import { hostname } from 'node:os'
import { isJsonObject, type Json, type JsonObject } from '../../../model/index.ts'
import {
  currentBootId,
  currentPidNamespace,
  identityOf,
  isRunning,
  type ProcessIdentity,
} from '../../../process/proc.ts'
import type { Cluster } from '../cluster.ts'
import { readAt } from '../fields.ts'
import { jobEnd } from './pods.ts'
import { loadLabels, ownerAnnotation, runAnnotation } from './resource.ts'

/** A load Job in the cluster. */
export interface LoadJobThere {
  readonly name: string
  readonly path: string
  readonly since: string
  /** Its origin: `HOST, run FOLDER`. */
  readonly of: string
  /** Whether its Fulcrum ran on this host and is gone. */
  readonly abandoned: boolean
}

/** API path of the Jobs of a namespace, without a trailing slash. */
export const jobsPath = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`

/** This process, as its Jobs record it. */
export async function ownIdentity(): Promise<Json> {
  return { host: hostname(), ...(await identityOf(process.pid)) }
}

/** The load Jobs of a namespace that have not ended. */
export async function loadJobs(cluster: Cluster, namespace: string, signal: AbortSignal): Promise<LoadJobThere[]> {
  const selector = Object.entries(loadLabels).map(([label, value]) => `${label}=${value}`)
  const path = jobsPath(namespace)
  const list = await cluster.get(`${path}?labelSelector=${encodeURIComponent(selector.join(','))}`, signal)
  const items = (Array.isArray(list?.items) ? list.items : []).filter(isJsonObject)
  return Promise.all(items.filter(job => jobEnd(job) === null).map(job => describe(job, path)))
}

async function describe(job: JsonObject, path: string): Promise<LoadJobThere> {
  const at = (...steps: string[]) => String(readAt(job, ['metadata', ...steps]) ?? 'unknown')
  const owner = parsed(readAt(job, ['metadata', 'annotations', ownerAnnotation]))
  return {
    name: at('name'),
    path: `${path}/${at('name')}`,
    since: at('creationTimestamp'),
    of: `${owner?.host ?? 'an unknown host'}, run ${at('annotations', runAnnotation)}`,
    abandoned: owner !== null && owner.host === hostname() && !(await mayRun(owner)),
  }
}

interface Owner extends ProcessIdentity {
  readonly host: string
}

function parsed(text: Json | undefined): Owner | null {
  try {
    const value: unknown = JSON.parse(String(text))
    return isJsonObject(value) && typeof value.host === 'string' ? (value as unknown as Owner) : null
  } catch {
    return null
  }
}

/** Processes of another boot have ended. Process numbers of another container have no meaning here. */
async function mayRun(owner: Owner): Promise<boolean> {
  if (owner.bootId !== (await currentBootId())) return false
  if (owner.pidNamespace !== (await currentPidNamespace())) return true
  return isRunning(owner)
}
