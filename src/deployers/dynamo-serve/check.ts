import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { settingProblems } from '../../engines/engine-settings.ts'
import { trtllm } from '../../engines/index.ts'
import { type Deployment, isJsonObject, type Role, roles } from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import type { DeployerCapabilities, DeployProblem } from '../capabilities.ts'
import { misfitUnder } from '../nodes/room.ts'
import type { DynamoServeConfig } from './config.ts'
import { textOf } from './design.ts'
import { pytorchSettings } from './engine-file.ts'
import {
  engineFilesOf,
  gpusSaid,
  type Mode,
  modeOf,
  modes,
  partsOf,
  remotePrefill,
  rolesOfMode,
  sectionNamed,
  serviceOf,
} from './service-file.ts'
import { type FileProblem, isYamlFile, readYamlFile, type YamlFile } from './yaml-file.ts'

/** Settings accepted by TensorRT-LLM of Dynamo 0.3, but not by current versions. */
const earlierSettings: ReadonlySet<string> = new Set(['pytorch_backend_config', ...pytorchSettings])

/** Capabilities of a configuration, known before anything starts. */
export function serveCapabilities(config: DynamoServeConfig): Omit<DeployerCapabilities, 'running'> {
  const read = new Map(modes.map(mode => [mode, readYamlFile(config.configs[mode])]))
  const fileOf = (role: Role): YamlFile | null => {
    const file = read.get(modeOf(role))
    return file !== undefined && isYamlFile(file) ? file : null
  }
  return {
    configProblems: existsSync(config.workdir) ? allProblems(config, read) : [],
    gpusPerWorker: role => {
      const file = fileOf(role)
      return file === null ? null : gpusSaid(sectionNamed(file, serviceOf(config, role)))
    },
    spansNodes: false,
    endpointIsLocal: config.nodes === undefined && config.slurm === undefined,
    settingsProblems: (role, settings) => {
      const names = Object.keys(settings).filter(name => !earlierSettings.has(name.replaceAll('-', '_')))
      // Checks only names, because the sections had different content then.
      return settingProblems(trtllm, role, Object.fromEntries(names.map(name => [name, true])))
    },
    misfit: deployment => {
      const mode = deployment.topology.kind
      if (!existsSync(config.configs[mode])) {
        const wrong = `this file does not exist, but ${mode} topologies need it`
        const right = `name it in deploy.configs.${mode}`
        return placed(mode, { file: config.configs[mode], position: { line: 1, column: 1 }, wrong, right })
      }
      const settable = missingEngineFile(config, deployment, fileOf)
      return settable === null ? misfitUnder(config, deployment) : placed(mode, settable)
    },
  }
}

/** Problems of the program's modules and the user's files. */
function allProblems(
  config: DynamoServeConfig,
  read: ReadonlyMap<Mode, YamlFile | FileProblem>,
): readonly DeployProblem[] {
  const known = new Set(['Common', ...named(config), ...classesIn(config.workdir)])
  const inFiles = modes.flatMap(mode => {
    const file = read.get(mode)
    // A missing file only matters to topologies that need it.
    if (file === undefined || !existsSync(config.configs[mode])) return []
    const problems = isYamlFile(file) ? fileProblems(config, mode, file, known) : [file]
    return problems.map(problem => placed(mode, problem))
  })
  const targets = [
    ...modes.map(mode => ({ path: ['graphs', mode], target: config.graphs[mode] })),
    ...roles.map(role => ({ path: ['workers', role], target: config.workers[role] })),
  ]
  const clearing = join(config.workdir, 'utils/clear_namespace.py')
  return [
    ...targets.flatMap(({ path, target }) => targetProblem(config, path, target)),
    ...inFiles,
    ...(existsSync(clearing)
      ? [
          {
            path: ['workdir'],
            wrong: `with ${clearing}, each \`dynamo serve\` that ends deletes the registrations of all others`,
            remedy: 'move it away',
          },
        ]
      : []),
  ]
}

/** Services that the sweep file names. {@link targetProblem} reports missing ones. */
function named(config: DynamoServeConfig): readonly string[] {
  const targets = [...modes.map(mode => config.graphs[mode]), ...roles.map(role => config.workers[role])]
  return targets.map(target => partsOf(target).service)
}

function placed(mode: Mode, { file, position, wrong, right }: FileProblem): DeployProblem {
  return { path: ['configs', mode], wrong, remedy: right, at: { file, position } }
}

/** Reports a missing module, or one without the service. */
function targetProblem(config: DynamoServeConfig, key: Path, target: string): readonly DeployProblem[] {
  const { module, service } = partsOf(target)
  const path = join(config.workdir, ...module.split('.'))
  const file = [`${path}.py`, join(path, '__init__.py')].find(existsSync)
  if (file === undefined) {
    return [{ path: key, wrong: `there is no ${path}.py`, remedy: `name a module of ${config.workdir}` }]
  }
  if (new RegExp(`\\b${service}\\b`).test(textOf(file))) return []
  return [
    {
      path: key,
      wrong: `${file} has no service ${service}`,
      remedy: 'write module:Service with the names in that file',
    },
  ]
}

function fileProblems(
  config: DynamoServeConfig,
  mode: Mode,
  file: YamlFile,
  known: ReadonlySet<string>,
): readonly FileProblem[] {
  const strays = Object.keys(file.value).flatMap(name => {
    if (!known.has(name)) {
      const wrong = `Dynamo would ignore ${name}: ${config.workdir} has no service of that name`
      return [file.problemAt([name], wrong, `it has ${[...known].sort().join(', ')}`)]
    }
    const section = file.value[name]
    if (isJsonObject(section)) return []
    return [
      file.problemAt([name], `${name} holds no keys, and Dynamo needs a map`, 'write keys and values, or remove it'),
    ]
  })
  return [...strays, ...rolesOfMode(mode).flatMap(role => roleProblems(config, role, file))]
}

/** Reasons why a service configuration cannot provide workers of a role. */
function roleProblems(config: DynamoServeConfig, role: Role, file: YamlFile): readonly FileProblem[] {
  const service = serviceOf(config, role)
  if (file.value[service] === undefined) {
    return [file.problemAt([], `there is no ${service}, the service of ${role} workers`, 'add its section')]
  }
  const section = sectionNamed(file, service)
  const remote = remotePrefill(section)
  const wrongMode =
    role === 'decode' && remote === null
      ? [file.problemAt([service], `${service} has no remote-prefill: true, so it would read prompts itself`, 'add it')]
      : role === 'aggregated' && remote !== null
        ? [
            file.problemAt(
              [service, remote],
              `${remote} leaves prompts to prefill workers, which aggregated topologies lack`,
              `remove it`,
            ),
          ]
        : []
  const missing = engineFilesOf(config, role, section).flatMap(({ key, path, section: inFile }) => {
    const engine = readYamlFile(path)
    if (!isYamlFile(engine)) {
      return existsSync(path)
        ? [engine]
        : [file.problemAt([service, key], `there is no ${path}`, `write a path from ${config.workdir}`)]
    }
    if (inFile === null || isJsonObject(engine.value[inFile])) return []
    return [engine.problemAt([], `${inFile} does not exist, but ${role} workers read it`, 'add it')]
  })
  return [...wrongMode, ...missing]
}

/** Reports settings for a role whose section names no file to write them to. */
function missingEngineFile(
  config: DynamoServeConfig,
  deployment: Deployment,
  fileOf: (role: Role) => YamlFile | null,
): FileProblem | null {
  for (const role of roles) {
    if (Object.keys(deployment.engine[role] ?? {}).length === 0) continue
    const file = fileOf(role)
    const service = serviceOf(config, role)
    if (file === null || engineFilesOf(config, role, sectionNamed(file, service)).length > 0) continue
    return file.problemAt([service], `${service} names no engine file to write settings into`, 'give it engine_args')
  }
  return null
}

/** Maximum depth of a graph's modules in its folder. */
const deepest = 3

/** Class names in the Python files of a folder and its subfolders. */
function classesIn(folder: string, depth = 0): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return depth === deepest || entry.name.startsWith('.') ? [] : classesIn(path, depth + 1)
    if (!entry.name.endsWith('.py')) return []
    return [...textOf(path).matchAll(/^class\s+(\w+)/gm)].flatMap(([, name]) => name ?? [])
  })
}
