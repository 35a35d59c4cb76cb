import type { Deployment, Json } from '../model/index.ts'
import { canonicalJson, deploymentLabel, roles } from '../model/index.ts'

/**
 * Short name for each deployment: topology and variant. If these are not unique, the name also has the engine settings
 * that differ between deployments of the same topology and variant (`2P1D · kv · prefill.max_batch_size=8`).
 */
export function deploymentLabels(deployments: readonly Deployment[]): ReadonlyMap<string, string> {
  const byName = Map.groupBy(
    new Map(deployments.map(deployment => [deployment.id, deployment])).values(),
    deploymentLabel,
  )
  const labels = new Map<string, string>()
  for (const [name, alike] of byName) {
    const differing = differingSettings(alike)
    for (const deployment of alike) {
      const settings = settingsOf(deployment)
      const told = differing.flatMap(key => {
        const value = settings.get(key)
        return value === undefined ? [] : [`${key}=${typeof value === 'string' ? value : canonicalJson(value)}`]
      })
      labels.set(deployment.id, told.length === 0 ? name : `${name} · ${told.join(' ')}`)
    }
  }
  return distinct(labels)
}

function settingsOf(deployment: Deployment): Map<string, Json> {
  const settings = new Map<string, Json>([['model', deployment.model.name]])
  for (const role of roles) {
    for (const [key, value] of Object.entries(deployment.engine[role] ?? {})) settings.set(`${role}.${key}`, value)
    settings.set(`gpus_per_${role}_worker`, deployment.gpusPerWorker[role])
  }
  return settings
}

function differingSettings(deployments: readonly Deployment[]): string[] {
  const all = deployments.map(settingsOf)
  const keys = new Set(all.flatMap(settings => [...settings.keys()]))
  return [...keys].filter(key => new Set(all.map(settings => canonicalJson(settings.get(key) ?? null))).size > 1)
}

/** Adds the beginning of the id to deployments that differ only in the deployer's configuration. */
function distinct(labels: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const uses = Map.groupBy(labels, ([, label]) => label)
  return new Map(
    [...labels].map(([id, label]) => [id, (uses.get(label)?.length ?? 0) > 1 ? `${label} · ${id.slice(0, 6)}` : label]),
  )
}
