import { dirname, isAbsolute, join } from 'node:path'
import { isJsonObject } from '../../model/index.ts'
import { type Check, missed, noticed, passed } from '../doctor/check.ts'
import { hereMachine, runShort } from '../doctor/machine.ts'
import { checkHttpPort, service } from '../doctor/services.ts'
import { judgeVersion, packageVersions } from '../doctor/versions.ts'
import { slurmVariables } from '../slurm/variables.ts'
import type { DynamoServeConfig } from './config.ts'
import { modes, writtenKey } from './service-file.ts'
import { testedDynamo } from './tested.ts'
import { isYamlFile, readYamlFile } from './yaml-file.ts'

/**
 * Checks the requirements of `dynamo serve`: the program, imports of its services, NATS, etcd, the port, and no Slurm
 * variables.
 */
export async function checkDynamoServe(config: DynamoServeConfig): Promise<readonly Check[]> {
  const checks = await Promise.all([
    program(config),
    servicePackages(config),
    service('nats', 'nats-server', 'nats-server', config.nats),
    service('etcd', 'etcd', 'etcd-server', config.etcd),
    config.http_port === undefined ? [] : checkHttpPort(config.http_port),
    config.slurm === undefined && config.nodes === undefined ? slurmVariables() : [],
  ])
  return [...checks.flat(), ...routerModes(config)]
}

/**
 * The graph's services read the router mode from a configuration. The modes that they know are unknown until they run.
 */
export function routerModes({ configs }: Pick<DynamoServeConfig, 'configs'>): readonly Check[] {
  const written = modes.flatMap(mode => {
    const file = readYamlFile(configs[mode])
    if (!isYamlFile(file)) return []
    return Object.entries(file.value).flatMap(([service, section]) => {
      const key = isJsonObject(section) ? (writtenKey(section, 'router') ?? writtenKey(section, 'router-mode')) : null
      return key === null || !isJsonObject(section) ? [] : [`${service}.${key}: ${String(section[key])}`]
    })
  })
  if (written.length === 0) return []
  const detail = `not checked: only the services themselves know their routers (${[...new Set(written)].join(', ')})`
  return [noticed('router', detail, 'If the services end at once, compare the value with the code of the service.')]
}

async function program({ dynamo, env }: DynamoServeConfig): Promise<Check> {
  const said = await runShort(dynamo, ['serve', '--help'], env)
  if (said.ok) {
    const [version] = await packageVersions(hereMachine, { python: pythonOf(dynamo), env }, ['ai-dynamo'])
    const detail = `${dynamo} serve`
    // The version is unknown without the program's own Python.
    if (version == null) return passed('dynamo', detail)
    return judgeVersion('dynamo', { version, tested: testedDynamo, detail: `${detail}, ai-dynamo ${version}` })
  }
  return missed(
    'dynamo',
    `${dynamo} serve: ${said.complaint}`,
    'pip install ai-dynamo==0.3.1 (later ones have no serve), or name its program in deploy.dynamo',
  )
}

const pythonOf = (dynamo: string) => (isAbsolute(dynamo) ? join(dirname(dynamo), 'python') : 'python3')

/** ai-dynamo 0.3.1 does not require these packages, but its services fail without them. */
async function servicePackages({ dynamo, env }: DynamoServeConfig): Promise<Check> {
  const python = pythonOf(dynamo)
  const said = await runShort(python, ['-c', 'import uvicorn, h11'], env)
  if (said.ok) return passed('uvicorn, h11', python)
  return missed('uvicorn, h11', `${python}: ${said.complaint}`, `${python} -m pip install uvicorn h11`)
}
