import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { measuredPoints } from '../analysis/measured-point.ts'
import { aiconfiguratorPriors } from '../analysis/priors/aiconfigurator.ts'
import { aisimulatePrediction, aisimulatePriors } from '../analysis/priors/aisimulate.ts'
import { pastRunPriors } from '../analysis/priors/past-runs.ts'
import type { Prior } from '../analysis/priors/prior.ts'
import { listRuns, readRun } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'

/** Files that `aiconfigurator cli default --save-dir` writes for each serving mode. */
const aiconfiguratorFiles = ['agg/pareto.csv', 'disagg/pareto.csv']

/**
 * Reads priors from folders: output of aiconfigurator or aisimulate, a run, or a folder of runs. Only runs of the same
 * model count.
 * @throws FulcrumError (bad-input) `no-priors` for anything else, `prior-file-invalid` with file:line:column
 */
export async function readPriors(folders: readonly string[], model: string): Promise<readonly Prior[]> {
  const priors: Prior[] = []
  for (const folder of folders) {
    await requireFolder(folder)
    const found =
      (await ofAiconfigurator(folder)) ??
      (await ofAisimulate(folder)) ??
      (await ofRun(folder, model)) ??
      (await ofRuns(folder, model))
    if (found === null)
      throw new FulcrumError('bad-input', 'no-priors', `${folder} has no predictions for ${model}.`, {
        remedy: `Give a folder that aiconfigurator wrote (with ${aiconfiguratorFiles.join(' or ')}) or aisimulate recommend (with ${aisimulateFiles.join(' or ')}), a run of ${model}, or a folder that holds such a run.`,
      })
    for (const prior of found) priors.push(prior)
  }
  return priors
}

async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) return
  const remedy = found === null ? 'Correct the path.' : `Give the folder that it is in: ${dirname(path)}`
  throw new FulcrumError('bad-input', 'no-priors', `${path} ${found === null ? 'does not exist' : 'is a file'}.`, {
    remedy,
  })
}

async function ofAiconfigurator(folder: string): Promise<readonly Prior[] | null> {
  const texts = await Promise.all(
    aiconfiguratorFiles.map(async name => ({
      name,
      text: await readFile(join(folder, name), 'utf8').catch(() => null),
    })),
  )
  const found = texts.flatMap(({ name, text }) => (text === null ? [] : aiconfiguratorPriors(text, join(folder, name))))
  return found.length === 0 ? null : found
}

/** Two copies of the same table. The first existing one is read. */
const aisimulateFiles = ['recommendation.json', 'recommendation.csv']

async function ofAisimulate(folder: string): Promise<readonly Prior[] | null> {
  for (const name of aisimulateFiles) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => null)
    if (text === null) continue
    return aisimulatePriors(text, join(folder, name))
  }
  return ofPrediction(folder)
}

/** Output of `aisimulate predict`, with its configuration file, which it does not copy there. */
async function ofPrediction(folder: string): Promise<readonly Prior[] | null> {
  const file = join(folder, 'prediction.json')
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const configs = (await readdir(folder)).filter(name => /\.ya?ml$/.test(name))
  const [config] = configs
  if (config === undefined || configs.length > 1)
    throw new FulcrumError('bad-input', 'prior-file-invalid', `${file}: it does not say what was predicted`, {
      remedy: `Copy the YAML file of the --config of aisimulate predict into ${folder}, and no other one.`,
    })
  return [aisimulatePrediction(text, await readFile(join(folder, config), 'utf8'), file)]
}

async function ofRun(folder: string, model: string): Promise<readonly Prior[] | null> {
  const isRun = await stat(join(folder, 'manifest.json')).then(
    () => true,
    () => false,
  )
  if (!isRun) return null
  const run = await readRun(resolve(folder))
  const points = measuredPoints(run).filter(({ deployment }) => deployment.model.name === model)
  const found = pastRunPriors(points, `run ${run.manifest.sweep}/${run.manifest.runId}`)
  return found.length === 0 ? null : found
}

async function ofRuns(root: string, model: string): Promise<readonly Prior[] | null> {
  const runs = await listRuns(resolve(root))
  const found = await Promise.all(runs.map(({ folder }) => ofRun(folder, model).catch(() => null)))
  const priors = found.flatMap(one => one ?? [])
  return priors.length === 0 ? null : priors
}
