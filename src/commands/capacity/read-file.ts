import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { z } from 'zod'
import { FulcrumError, isRecord } from '../../model/index.ts'
import { jsonText } from '../../spec/module-sweep.ts'
import { formatProblems, type Path, type PositionStyle, type Problem, quoted } from '../../yaml/problem.ts'
import { reportIssues } from '../../yaml/schema-issues.ts'
import { readYaml } from '../../yaml/yaml-source.ts'
import { capacitySchema, type RawCapacity } from './file-schema.ts'

/** A valid capacity file. Whether it fits a run shows only later. */
export interface CapacityFile {
  /** Absolute. */
  readonly path: string
  readonly raw: RawCapacity
  /** The error for a mistake that only shows beside the run, with its place in the file. */
  mistake(path: Path, wrong: string, right: string): FulcrumError
}

const demands = ['peak_requests_per_s', 'mean_requests_per_s', 'users', 'trace'] as const

/**
 * Reads and checks a capacity file.
 * @throws FulcrumError (bad-input, `capacity-file-not-found`), or `capacity-file-invalid` whose message lists every
 *   problem as `file:line:column: what is wrong; what would be right`
 */
export async function readCapacityFile(file: string): Promise<CapacityFile> {
  const path = resolve(file)
  const short = relative(process.cwd(), path)
  const shown = short.startsWith('..') ? path : short
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FulcrumError('bad-input', 'capacity-file-not-found', `${shown}: cannot read the capacity file`, {
      cause,
      remedy: 'Give the path of a capacity file (docs/reference/capacity-file.md), or the folder of a run and --rps.',
    })
  })
  return capacityFrom(text, path, shown, 'lines')
}

/**
 * Checks a capacity question that a program built, like {@link readCapacityFile} checks a file.
 * @param folder absolute; relative paths in the question start there
 * @throws FulcrumError (bad-input, `capacity-file-invalid`) with the keys of every problem
 */
export function capacityOfValue(value: unknown, folder: string): CapacityFile {
  const shown = '[capacity]'
  return capacityFrom(
    jsonText(value, { shown, what: 'the question', code: 'capacity-file-invalid' }),
    join(folder, shown),
    shown,
    'keys',
  )
}

function capacityFrom(text: string, path: string, shown: string, positions: PositionStyle): CapacityFile {
  const source = readYaml(text, { own: positions === 'lines' })
  const problems: Problem[] = [...source.problems]
  const report = (at: Path, wrong: string, right: string, where: 'key' | 'value' = 'value') =>
    problems.push({ position: source.positionOf(at, where), path: at, wrong, right })
  const invalid = () =>
    new FulcrumError('bad-input', 'capacity-file-invalid', formatProblems(shown, problems, positions))
  if (!isRecord(source.value)) {
    if (problems.length === 0)
      report(
        [],
        `the capacity file is ${quoted(source.value)}, not key: value pairs`,
        'write traffic and fleet; docs/reference/capacity-file.md has examples',
      )
    throw invalid()
  }
  const parsed = capacitySchema.safeParse(source.value)
  if (!parsed.success) {
    reportIssues(capacitySchema as z.ZodType, source.value, parsed.error.issues, report)
    throw invalid()
  }
  const { traffic, fleet } = parsed.data
  if (fleet.currency !== undefined && fleet.gpu_price_per_hour === undefined)
    report(
      ['fleet', 'currency'],
      'currency has no effect without gpu_price_per_hour',
      'add a price, or remove currency',
      'key',
    )
  const given = demands.filter(key => traffic[key] !== undefined)
  const [first, second] = given
  if (first === undefined) report(['traffic'], 'traffic has no amount', `set one of ${demands.join(', ')}`)
  if (second !== undefined)
    report(['traffic', second], `${first} and ${second} cannot be combined`, 'keep one of them', 'key')
  if (traffic.trace_unit !== undefined && traffic.trace === undefined)
    report(['traffic', 'trace_unit'], 'trace_unit has no effect without trace', 'remove it, or add a trace', 'key')
  if (traffic.trace !== undefined && traffic.mix !== undefined)
    report(['traffic', 'mix'], 'trace and mix cannot be combined', 'remove mix: a trace has its own lengths', 'key')
  if (Array.isArray(traffic.day) && traffic.day.every(factor => factor === 0))
    report(['traffic', 'day'], 'the day has no traffic', 'set at least one factor above 0')
  if (problems.length > 0) throw invalid()
  return {
    path,
    raw: parsed.data,
    mistake: (at, wrong, right) => {
      report(at, wrong, right)
      return invalid()
    },
  }
}
