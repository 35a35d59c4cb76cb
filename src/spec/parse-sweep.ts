import type { DeployerCapabilities } from '../deployers/capabilities.ts'
import type { AnyDeployer, ConfiguredDeployer } from '../deployers/define-deployer.ts'
import type { WorkerEngine } from '../deployers/worker-engine.ts'
import type { Findings, Tell } from '../engines/role-settings.ts'
import { FulcrumError, type Load, roles } from '../model/index.ts'
import { remembering } from '../yaml/files.ts'
import type { Path, Places, Problem, Report } from '../yaml/problem.ts'
import { lookUp, type SectionContext } from '../yaml/section-context.ts'
import { readYaml } from '../yaml/yaml-source.ts'
import { checkDatasets } from './checks/datasets.ts'
import { checkDeployerConfig } from './checks/deployer-config.ts'
import { checks } from './checks/index.ts'
import { crossDeployments } from './deployments.ts'
import { deployIdentity, engineFilesIdentity, generatorIdentity, modelIdentity } from './identity.ts'
import { knownDeployers, readDeploy } from './sections/deploy.ts'
import { readEngine, settingsCount } from './sections/engine.ts'
import { readGenerator } from './sections/generator.ts'
import { checkSlo, readBudget, readLimits, readSlo } from './sections/judgement.ts'
import { readLoads } from './sections/loads.ts'
import { readMix } from './sections/mix.ts'
import { readModel } from './sections/model.ts'
import { readTelemetry } from './sections/telemetry.ts'
import { calibrating, readTopologies } from './sections/topologies.ts'
import { readWorkloads } from './sections/workloads.ts'
import { readSections, type Sections } from './sections.ts'
import type { Sweep } from './sweep.ts'
import type { SweepFiles } from './sweep-files.ts'

/** A sweep, or everything that is wrong with it; warnings in either case. */
export interface ParsedSweep {
  readonly sweep: Omit<Sweep, 'warnings'> | null
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

export interface ParseContext {
  /** Absolute path of the file. */
  readonly file: string
  readonly folder: string
  readonly files: SweepFiles
  /** Whether the text is a person's, whose lines count, or made of a program's value. */
  readonly places?: Places
  readonly allowPoints?: number
}

/**
 * Turns a sweep file's text into a sweep, or into a list of everything that is wrong with it. Sections are read
 * independently, so that an error in one does not hide errors in another.
 */
export async function parseSweep(text: string, context: ParseContext): Promise<ParsedSweep> {
  // What a program made says what it means: odd spellings of numbers and words are a person's.
  const source = readYaml(text, { own: context.places !== 'keys' })
  const problems: Problem[] = [...source.problems]
  const warnings: Problem[] = []
  if (source.value === undefined) return { sweep: null, problems, warnings }
  // A value that YAML reads as something else would only be reported again by its section.
  const places = new Set(source.problems.map(({ position: { line, column } }) => `${line}:${column}`))
  const report: Report = (path, wrong, right, at = 'value') => {
    const position = source.positionOf(path, at)
    if (!places.has(`${position.line}:${position.column}`)) problems.push({ position, path, wrong, right })
  }
  const tellTo =
    (list: Problem[]): Tell =>
    (place, wrong, right) => {
      if (place.kind === 'file') list.push({ file: place.file, position: place.position, wrong, right })
      else list.push({ position: source.positionOf(place.path, place.at ?? 'value'), path: place.path, wrong, right })
    }
  const findings = { refuse: tellTo(problems), warn: tellTo(warnings) }
  const { files, hashes } = remembering(context.files)
  const known = await knownDeployers(source.value, { ...context, files, report })
  const sections = readSections(known?.value ?? source.value, known?.deployers ?? null, report)
  const all = { ...context, files, hashes, report, findings, deployers: known?.deployers ?? [] }
  const sweep = await assemble(text, sections, all)
  return { sweep: problems.length === 0 ? sweep : null, problems, warnings }
}

async function assemble(
  text: string,
  raw: Partial<Sections>,
  context: SectionContext &
    ParseContext & {
      readonly findings: Findings
      readonly hashes: ReadonlyMap<string, string>
      readonly deployers: readonly AnyDeployer[]
    },
): Promise<ParsedSweep['sweep']> {
  const { report, findings } = context
  const model = raw.model && readModel(raw.model, context)
  const deploy = raw.deploy && readDeploy(raw.deploy, context.deployers, context)
  const listed = 'topologies' in raw ? readTopologies(raw.topologies, context) : undefined
  const topologies = listed && raw.calibrate === true ? calibrating(listed, context) : listed
  const engine = raw.engine && readEngine(raw.engine, context)
  const workloads = raw.workloads && readWorkloads(raw.workloads, context)
  const mix = workloads && raw.mix ? readMix(raw.mix, workloads, context) : null
  const loads = raw.load && readLoads(raw.load, context)
  const telemetry = raw.telemetry && readTelemetry(raw.telemetry, context)
  if (raw.slo && workloads && loads) checkSlo(raw.slo, loads, workloads, context)
  const generator = raw.generator && (await readGenerator(raw.generator, context))
  if (!model || !deploy || !raw.deploy || !topologies || !raw.engine || !engine) return null

  const repeats = raw.repeats ?? 1
  const perDeployment = (workloads?.length ?? 1) * (loads?.length ?? 1) * repeats
  const upTo = topologies.reduce((sum, { topology }) => sum + settingsCount(engine, topology), 0) * perDeployment
  const allowed = context.allowPoints ?? raw.allow_points ?? 10_000
  // Checked before crossing: an absurd number of deployments would not fit into memory. GPU limits may still exclude
  // some.
  if (upTo > Math.max(allowed * 10, 1_000_000)) {
    reportTooMany(report, upTo, allowed)
    return null
  }
  const capabilities = await capabilitiesOf(deploy, context)
  if (capabilities === null) return null
  const engineFilesRead = engineFilesIdentity(raw.engine, context)
  const deployRead = deployIdentity(deploy, context)
  const identity = {
    model: modelIdentity(model, context),
    deploy: engineFilesRead === null ? deployRead : { deploy: deployRead, engineFiles: engineFilesRead },
  }
  const workers = deploy.workers()
  reportEngineFiles(workers, findings)
  const sources = { engine: raw.engine, workers }
  const deployments = crossDeployments(
    { topologies, engine, model, raw: sources, deploy, capabilities, identity },
    report,
  )
  if (!workloads || !raw.workloads || !loads || !generator) return null

  const points = deployments.length * perDeployment
  if (points > allowed) reportTooMany(report, points, allowed)
  const checked = {
    raw: { ...sources, workloads: raw.workloads },
    deployments,
    workloads,
    loads,
    deployer: deploy.name,
    capabilities,
    prompts: raw.load?.prompts ?? 'fresh',
    generator,
  }
  checkDeployerConfig(checked, findings)
  // A deployment that a manifest has no workers for has no settings to look at.
  const served = deployments.filter(deployment => capabilities.misfit(deployment)?.at === undefined)
  for (const check of checks) check({ ...checked, deployments: served }, findings)
  if (!raw.name || !raw.load || !raw.slo || !raw.validity || !raw.search || !raw.budget || !telemetry) return null
  const limits = readLimits(raw.validity)
  const pathOf = (index: number): Path => (Array.isArray(raw.workloads) ? ['workloads', index] : ['workloads'])
  const datasets = await checkDatasets({ model, workloads, loads, limits, pathOf }, context, findings)
  readTraces(loads, context)
  const generatorRead = generatorIdentity(generator, context)
  return {
    name: raw.name,
    file: context.file,
    text,
    model,
    deploy,
    deployments,
    workloads,
    loads,
    prompts: raw.load.prompts,
    fingerprints: Object.fromEntries([...context.hashes].sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(datasets.length === 0 ? {} : { datasets }),
    generator,
    generatorIdentity: generatorRead,
    slo: readSlo(raw.slo),
    limits,
    telemetry,
    repeats,
    mix,
    search: raw.search,
    budget: readBudget(raw.budget),
  }
}

function reportTooMany(report: Report, points: number, allowed: number): void {
  report(
    [],
    `the sweep has ${points} points, above the limit of ${allowed}`,
    `list fewer values, or write allow_points: ${points} to allow it`,
  )
}

async function capabilitiesOf(
  deploy: ConfiguredDeployer,
  context: SectionContext,
): Promise<DeployerCapabilities | null> {
  try {
    return await deploy.capabilities()
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    context.report(['deploy'], error.message, error.remedy ?? '')
    return null
  }
}

/** Hashes traces, whose content decides a point's outcome; one that is missing was reported already. */
function readTraces(loads: readonly Load[], context: SectionContext): void {
  for (const { level } of loads)
    if (level.kind === 'trace' && lookUp(context, level.file) === 'file') context.files.fingerprint(level.file)
}

/** What is no YAML in an engine file, told once. */
function reportEngineFiles(workers: WorkerEngine, { refuse }: Findings): void {
  for (const file of new Set(roles.map(role => workers.engineFile(role)))) {
    for (const { position, wrong, right } of file?.problems ?? []) {
      refuse({ kind: 'file', file: file?.shown ?? '', position }, wrong, right)
    }
  }
}
