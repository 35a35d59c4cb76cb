import type { SaidOfEngines } from '../deployers/doctor/check.ts'
import { type Addresses, type Check, examineMachine } from '../deployers/doctor/doctor.ts'
import { unknownEngine } from '../engines/index.ts'
import { findSetting } from '../engines/setting.ts'
import {
  type Deployment,
  type EngineSettings,
  gpusOf,
  type Load,
  longestOf,
  nodesPerWorker,
  rolesOf,
} from '../model/index.ts'

import { loadSweep } from '../spec/load-sweep.ts'
import { probeSettings } from './probe-settings.ts'

export type { Addresses, Check }

/**
 * Checks this machine, and the given addresses, against the needs of a sweep. Without a file, checks what any sweep
 * needs.
 * @param addresses running systems to check too
 */
export async function examine(file?: string, addresses: Addresses = {}): Promise<readonly Check[]> {
  if (file === undefined) return examineMachine(null, addresses)
  const sweep = await loadSweep(file)
  const { deploy, generator, model } = sweep
  const needs = {
    ...{ deploy, model: model.name, generator },
    ...probeSettings(sweep.loads),
    concurrency: Math.max(1, ...sweep.loads.map(mostAtOnce)),
    longestTokens: Math.max(0, ...sweep.workloads.map(({ isl, osl }) => longestOf(isl) + longestOf(osl))),
    topologies: sweep.deployments.map(({ topology }) => topology),
    gpus: {
      deployment: Math.max(0, ...sweep.deployments.map(gpusOf)),
      worker: Math.max(
        0,
        ...sweep.deployments.flatMap(deployment =>
          rolesOf(deployment.topology).map(role =>
            Math.ceil(deployment.gpusPerWorker[role] / nodesPerWorker(deployment, role)),
          ),
        ),
      ),
    },
    nodesPerWorker: sweep.deployments
      .flatMap(deployment => rolesOf(deployment.topology).map(role => nodesPerWorker(deployment, role)))
      .reduce((most, nodes) => Math.max(most, nodes), 1),
    spread: sweep.deployments.flatMap(deployment =>
      rolesOf(deployment.topology)
        .filter(role => nodesPerWorker(deployment, role) > 1)
        .map(role => ({ role, settings: deployment.engine[role] ?? {} })),
    ),
    engines: sweep.deployments.length === 1 ? enginesOf(sweep.deployments[0]) : {},
  }
  const [first = { deploy, model, name: '' }, ...others] = sweep.variants ?? []
  const named = typeof sweep.telemetry.gpus === 'string' ? [] : sweep.telemetry.gpus.dcgm
  const all = { ...addresses, dcgm: [...new Set([...(addresses.dcgm ?? []), ...named])] }
  const checks = await examineMachine({ ...needs, deploy: first.deploy, model: first.model.name }, all)
  const told = new Set(checks.map(check => JSON.stringify(check)))
  const ofOthers: Check[] = []
  for (const variant of others) {
    for (const check of await variant.deploy.doctor({ ...needs, model: variant.model.name })) {
      if (told.has(JSON.stringify(check))) continue
      told.add(JSON.stringify(check))
      ofOthers.push({ ...check, name: `${variant.name}: ${check.name}` })
    }
  }
  return [...checks, ...ofOthers]
}

/** Batch and token limits of each role's engine, in any engine's spelling. */
function enginesOf(deployment: Deployment | undefined): SaidOfEngines {
  const figure = (settings: EngineSettings, meaning: 'maxBatchSize' | 'maxNumTokens') => {
    const value = findSetting(meaning, settings, unknownEngine.spellings)?.value
    return typeof value === 'number' ? value : null
  }
  const said = Object.entries(deployment?.engine ?? {}).map(([role, settings]) => [
    role,
    { batch: figure(settings, 'maxBatchSize'), tokens: figure(settings, 'maxNumTokens') },
  ])
  return Object.fromEntries(said)
}

/** Requests in flight at once. An open loop without a limit has no fixed number; at least one is certain. */
function mostAtOnce({ level }: Load): number {
  return level.kind === 'concurrency' ? level.concurrency : (level.maxConcurrency ?? 1)
}
