import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runSweepFile } from '../../src/commands/run.ts'
import { createDeployer } from '../../src/deployers/create.ts'
import { gpusOfRole, rolesOf } from '../../src/model/index.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import type { KnownCase } from './cases.ts'

/**
 * Measures a case as somebody else's endpoint: its deployer brings the system up, and a sweep with `attach` measures
 * it, whose `telemetry.workers` names the workers' pages. Engine settings are unknown then.
 * @param folder for files and results
 * @returns the folder of the run
 */
export async function measuredAttached({ name, sweep }: KnownCase, folder: string): Promise<string> {
  const file = join(folder, `${name}.yaml`)
  await writeFile(file, sweep)
  const { deploy, deployments, model } = await loadSweep(file)
  const [deployment] = deployments
  if (deployment === undefined || deployments.length > 1) throw new Error(`${name}: attach measures one deployment`)
  const deployer = await createDeployer(deploy, { model, runFolder: join(folder, `${name}-deployed`) })
  const signal = AbortSignal.timeout(300_000)
  try {
    const { endpoint } = await deployer.reconcile(deployment, { signal, onEvent: () => {} })
    const pages = Object.entries(endpoint.metricsUrls).flatMap(([source, url]) =>
      source === 'frontend' ? [] : [`  - { url: '${url}', role: ${source.split('-')[0]} }`],
    )
    const gpus = rolesOf(deployment.topology).reduce((sum, role) => sum + gpusOfRole(deployment, role), 0)
    const telemetry = `telemetry:\n  workers:\n${pages.join('\n')}\n`
    const attached = join(folder, `${name}-attached.yaml`)
    await writeFile(
      attached,
      sweep
        .replace(/^deploy:(?:.*\n)(?: .*\n)*/m, `deploy: { with: attach, url: '${endpoint.url}', gpus: ${gpus} }\n`)
        .replace(/^engine:(?:.*\n)(?: .*\n)*/m, '') + telemetry,
    )
    const { folder: run } = await runSweepFile({ file: attached, resultsRoot: folder, startNew: true, signal })
    return run
  } finally {
    await deployer.close()
  }
}
