import type { DeployerCapabilities } from '../deployers/capabilities.ts'
import type { AnyDeployer, ConfiguredDeployer } from '../deployers/define-deployer.ts'
import { systemOf } from '../deployers/variants.ts'
import type { WorkerEngine } from '../deployers/worker-engine.ts'
import type { Findings, Tell } from '../engines/role-settings.ts'
import { defaultLimits, defined, FulcrumError, isRecord, type Load, type Model, roles } from '../model/index.ts'
import { remembering } from '../yaml/files.ts'
import type { Path, PositionStyle, Problem, Report } from '../yaml/problem.ts'
import { lookUp, type SectionContext } from '../yaml/section-context.ts'
import { readYaml } from '../yaml/yaml-source.ts'
import { checkDatasets } from './checks/datasets.ts'
import { checkDeployerConfig } from './checks/deployer-config.ts'
import { checks } from './checks/index.ts'
import { checkTraces } from './checks/traces.ts'
import { crossDeployments, deploymentCount } from './deployments.ts'
import { deployIdentity, engineFilesIdentity, generatorIdentity, modelIdentity } from './identity.ts'
import { patchedSections, variantDocument } from './patch.ts'
import type { RawEngine } from './schema/engine.ts'
import { knownDeployers, readDeploy } from './sections/deploy.ts'
import { checkEmbeddings } from './sections/embeddings.ts'
import { readEngine, type WantedEngine } from './sections/engine.ts'
import { readGenerator } from './sections/generator.ts'
import { checkSlo, readBudget, readLimits, readSlo } from './sections/judgement.ts'
import { readLoads } from './sections/loads.ts'
import { readMix } from './sections/mix.ts'
import { readModel } from './sections/model.ts'
import { readQuality } from './sections/quality.ts'
import { readPower, readPrice } from './sections/site.ts'
import { checkDeviceRoles, readTelemetry } from './sections/telemetry.ts'
import { calibrating, readTopologies, type WantedTopology } from './sections/topologies.ts'
import { findingsOf, reportOfVariant, reportOtherDeployer, topologiesOf } from './sections/variants.ts'
import { readWorkloads } from './sections/workloads.ts'
import { readSections, type Sections } from './sections.ts'
import type { Sweep } from './sweep.ts'
import type { SweepFiles } from './sweep-files.ts'
import type { VariantParts } from './variant-parts.ts'

/** A sweep or all its problems, with warnings in either case. */
export interface ParsedSweep {
  readonly sweep: Omit<Sweep, 'warnings'> | null
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Context of parsing a sweep file. */
export interface ParseContext {
  /** Absolute path of the file. */
  readonly file: string
  readonly folder: string
  readonly files: SweepFiles
  /**
   * Whether problems are reported by lines, for text written by a person, or by keys, for a value made by a program.
   */
  readonly positions?: PositionStyle
  readonly allowPoints?: number
}

/**
 * Parses a sweep file into a sweep or a list of all its problems. Reads sections independently, so an error in one does
 * not hide errors in another.
 */
export async function parseSweep(text: string, context: ParseContext): Promise<ParsedSweep> {
  // Only people write ambiguous numbers and words, so values made by a program are not checked for them.
  const source = readYaml(text, { own: context.positions !== 'keys' })
  const problems: Problem[] = [...source.problems]
  const warnings: Problem[] = []
  if (source.value === undefined) return { sweep: null, problems, warnings }
  // Avoids reporting an ambiguous YAML value again when its section is checked.
  const reported = new Set(source.problems.map(({ position: { line, column } }) => `${line}:${column}`))
  const report: Report = (path, wrong, right, at = 'value') => {
    const position = source.positionOf(path, at)
    if (!reported.has(`${position.line}:${position.column}`)) problems.push({ position, path, wrong, right })
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
  const document = known?.value ?? source.value
  const all = { ...context, files, hashes, report, findings, deployers: known?.deployers ?? [], document }
  const sweep = await assemble(text, sections, all)
  return { sweep: problems.length === 0 ? sweep : null, problems: eachOnce(problems), warnings: eachOnce(warnings) }
}

/** Removes duplicates: variants share most of the file, so they report the same problems. */
function eachOnce(problems: readonly Problem[]): readonly Problem[] {
  const keyOf = ({ file, position, wrong, right }: Problem) =>
    JSON.stringify([file, position.line, position.column, wrong, right])
  return [...new Map(problems.toReversed().map(problem => [keyOf(problem), problem])).values()].toReversed()
}

type AssembleContext = SectionContext &
  ParseContext & {
    readonly findings: Findings
    readonly hashes: ReadonlyMap<string, string>
    readonly deployers: readonly AnyDeployer[]
    /** Value of the file, to which variants are applied. */
    readonly document: unknown
  }

async function assemble(text: string, raw: Partial<Sections>, context: AssembleContext): Promise<ParsedSweep['sweep']> {
  const { report, findings } = context
  const base = readDeployed(raw, context)
  const listed = 'topologies' in raw ? readTopologies(raw.topologies, context) : undefined
  const topologies = listed && raw.calibrate === true ? calibrating(listed, context) : listed
  const placed = raw.workloads ? readWorkloads(raw.workloads, context, undefined, raw.load?.api) : undefined
  const workloads = placed?.map(({ workload }) => workload)
  const mix = workloads && raw.mix ? readMix(raw.mix, workloads, context) : null
  const loads = raw.load && readLoads(raw.load, context)
  const telemetry = raw.telemetry && readTelemetry(raw.telemetry, context)
  const quality = raw.quality === undefined ? null : readQuality(raw.quality, context, findings)
  const generator = raw.generator && (await readGenerator(raw.generator, context))
  checkEmbeddings(raw, context)
  if (raw.slo && workloads && loads && raw.load?.api !== 'embeddings')
    checkSlo(raw.slo, { loads, workloads, generator: generator || null }, context)
  const wanted = topologies && base && readVariants(raw, base, topologies, context)
  if (!base || !topologies || !wanted) return null

  const repeats = raw.repeats ?? 1
  const perDeployment = (workloads?.length ?? 1) * (loads?.length ?? 1) * repeats
  const upTo = deploymentCount(wanted) * perDeployment
  const allowed = context.allowPoints ?? raw.allow_points ?? 10_000
  // Checked before axes are crossed, because an absurd number of deployments would not fit into memory. Uses a higher
  // limit here, because GPU limits may still exclude some.
  if (upTo > Math.max(allowed * 10, 1_000_000)) {
    reportTooMany(report, upTo, allowed)
    return null
  }
  const variants: VariantParts[] = []
  for (const variant of wanted) {
    const parts = await partsOf(variant, context)
    if (parts === null) return null
    variants.push(parts)
  }
  const deployments = crossDeployments(variants)
  if (telemetry) checkDeviceRoles(telemetry, deployments, context)
  const pathOf = (index: number): Path => placed?.[index]?.path ?? ['workloads']
  const limits = raw.validity ? readLimits(raw.validity) : defaultLimits
  const models = [...new Map(variants.map(({ model }) => [model.tokenizer, model])).values()]
  if (!workloads || !raw.workloads || !loads || !generator) return null

  const points = deployments.length * perDeployment
  if (points > allowed) reportTooMany(report, points, allowed)
  const datasets = await Promise.all(
    models.map(model => checkDatasets({ model, workloads, loads, limits, pathOf }, context, findings)),
  )
  const traces = await checkTraces({ workloads, loads, limits, pathOf }, context, findings)
  for (const variant of variants) {
    const { capabilities } = variant
    const own = deployments.filter(deployment => (deployment.variant ?? null) === variant.name)
    const checked = {
      raw: variant.raw,
      deployments: own,
      workloads,
      workloadPaths: placed?.map(({ path }) => path) ?? [],
      loads,
      deployer: variant.deploy.name,
      capabilities,
      prompts: raw.load?.prompts ?? 'fresh',
      generator,
      limits,
      traces,
      datasets: datasets[0] ?? [],
    }
    checkDeployerConfig(checked, variant.findings)
    // A deployment for which a manifest has no workers has no settings to check.
    const served = own.filter(deployment => capabilities.misfit(deployment)?.at === undefined)
    for (const check of checks) check({ ...checked, deployments: served }, variant.findings)
  }
  if (!raw.name || !raw.load || !raw.slo || !raw.validity || !raw.search || !raw.budget || !telemetry) return null
  readTraces(loads, context)
  const generatorRead = generatorIdentity(generator, context)
  const named = variants.flatMap(({ name, deploy, model }) =>
    name === null ? [] : [{ name, deploy, model, system: systemOf({ deploy, model }) }],
  )
  return {
    name: raw.name,
    file: context.file,
    text,
    model: base.model,
    deploy: base.deploy,
    ...(named.length === 0 ? {} : { variants: named }),
    deployments,
    workloads,
    loads,
    prompts: raw.load.prompts,
    fingerprints: Object.fromEntries([...context.hashes].sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(datasets[0] === undefined || datasets[0].length === 0 ? {} : { datasets: datasets[0] }),
    ...(traces.length === 0 ? {} : { traces: traces.map(({ facts }) => facts) }),
    generator,
    generatorIdentity: generatorRead,
    slo: readSlo(raw.slo),
    limits,
    telemetry,
    ...defined({ quality: quality ?? undefined }),
    ...(raw.price === undefined ? {} : { price: readPrice(raw.price) }),
    ...(raw.power === undefined ? {} : { power: readPower(raw.power) }),
    repeats,
    mix,
    search: raw.search,
    budget: readBudget(raw.budget),
  }
}

/** Contents of the sections `model`, `deploy` and `engine`. */
interface Deployed {
  readonly model: Model
  readonly deploy: ConfiguredDeployer
  readonly engine: WantedEngine
  readonly rawEngine: RawEngine
}

function readDeployed(
  raw: Partial<Sections>,
  context: SectionContext & { readonly deployers: readonly AnyDeployer[] },
): Deployed | null {
  const model = raw.model && readModel(raw.model, context)
  const deploy = raw.deploy && readDeploy(raw.deploy, context.deployers, context)
  const engine = raw.engine && readEngine(raw.engine, context)
  return model && deploy && engine && raw.engine ? { model, deploy, engine, rawEngine: raw.engine } : null
}

/** A variant whose deployer has not yet reported its capabilities. */
type WantedVariant = Deployed & Pick<VariantParts, 'name' | 'topologies' | 'report' | 'findings'>

/**
 * Reads the variants of a sweep: applies each to the file and validates the result against the same schemas. Without
 * `variants`, returns the file itself as the only one. Null if one is invalid, which it reports.
 */
function readVariants(
  raw: Partial<Sections>,
  base: Deployed,
  topologies: readonly WantedTopology[],
  context: AssembleContext,
): readonly WantedVariant[] | null {
  const { report, findings, document } = context
  if (!('variants' in raw)) return null
  if (raw.variants === undefined || !isRecord(document)) return [{ ...base, name: null, topologies, report, findings }]
  const wanted = Object.entries(raw.variants).map(([name, variant]) => {
    reportOtherDeployer(name, variant, context)
    const kept = topologiesOf(name, variant, topologies, context)
    const told = reportOfVariant(name, variant, report)
    const sections = readSections(variantDocument(document, variant), context.deployers, told, patchedSections)
    const read = readDeployed(sections, { ...context, report: told })
    return read && { ...read, name, topologies: kept, report: told, findings: findingsOf(name, variant, findings) }
  })
  return wanted.every(variant => variant !== null) ? wanted : null
}

/** Completes a variant with the capabilities of its deployer. Null if they cannot be determined, which it reports. */
async function partsOf(variant: WantedVariant, context: AssembleContext): Promise<VariantParts | null> {
  const { model, deploy, rawEngine, report, findings } = variant
  const capabilities = await capabilitiesOf(deploy, { ...context, report })
  if (capabilities === null) return null
  const engineFilesRead = engineFilesIdentity(rawEngine, context)
  const deployRead = deployIdentity(deploy, context)
  const identity = {
    model: modelIdentity(model, context),
    deploy: engineFilesRead === null ? deployRead : { deploy: deployRead, engineFiles: engineFilesRead },
  }
  const workers = deploy.workers()
  reportEngineFiles(workers, findings)
  return { ...variant, capabilities, identity, raw: { engine: rawEngine, workers } }
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

/** Hashes traces, because results depend on their content. Missing traces are already reported. */
function readTraces(loads: readonly Load[], context: SectionContext): void {
  for (const { level } of loads)
    if (level.kind === 'trace' && lookUp(context, level.file) === 'file') context.files.fingerprint(level.file)
}

/** Reports invalid YAML in engine files, each file once. */
function reportEngineFiles(workers: WorkerEngine, { refuse }: Findings): void {
  for (const file of new Set(roles.map(role => workers.engineFile(role)))) {
    for (const { position, wrong, right } of file?.problems ?? []) {
      refuse({ kind: 'file', file: file?.shown ?? '', position }, wrong, right)
    }
  }
}
