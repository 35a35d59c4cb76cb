import { z } from 'zod'
import { type Figure, figuresIn } from '../../metrics/figures/index.ts'
import { dialects, FulcrumError } from '../../model/index.ts'
import { windowsOf } from '../compare/comparable.ts'
import { seededValues } from '../compare/seeded-values.ts'
import { loadLabel } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { objectives } from '../slo.ts'

const value = z.strictObject({
  /** Of the repeat's load: repeats of one seed in both measurements are compared in pairs. */
  seed: z.number(),
  value: z.number(),
})

const expectedPoint = z.strictObject({
  /** What its repeats share, see `pointKey`. */
  key: z.string().min(1),
  /** Ids of the valid repeats. */
  ids: z.array(z.string().min(1)).min(1),
  workload: z.string(),
  /** As people read it: `c 6`. */
  load: z.string(),
  /** What its figures are of: `steady` or `whole`, as `windowsOf` says it. */
  window: z.string(),
  figures: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      unit: z.string(),
      mean: z.number(),
      /** 95% confidence interval of the mean over repeats; null for one repeat. */
      ci95: z.tuple([z.number(), z.number()]).nullable(),
      repeats: z.array(value).min(1),
    }),
  ),
  /** The SLO's limits and what was measured against them, in milliseconds. */
  slo: z.array(z.strictObject({ title: z.string(), limitMs: z.number(), valueMs: z.number().nullable() })),
})

const expectation = z.strictObject({
  format: z.literal(1),
  fulcrum: z.string(),
  run: z.strictObject({ id: z.string(), createdAt: z.string(), revision: z.string().nullable() }),
  deployment: z.strictObject({ id: z.string(), label: z.string(), gpus: z.number().positive() }),
  /** How its endpoint is asked, see `Endpoint`. */
  dialect: z.enum(dialects),
  points: z.array(expectedPoint).min(1),
  /** The sweep that the points are of, as the run's manifest keeps it. */
  sweep: z.strictObject({
    file: z.string(),
    text: z.string(),
    id: z.string().optional(),
    points: z.number().int().positive(),
  }),
})

/** What `fulcrum tune --write` expects of a deployment: `expected.json`. */
export type Expectation = z.infer<typeof expectation>
/** One point of it. */
export type ExpectedPoint = Expectation['points'][number]

/**
 * The figures of a point that runs are compared by, with the repeats behind them; those that no repeat has are left
 * out.
 */
export function expectedOf(point: MeasuredPoint, figures: readonly Figure[]): ExpectedPoint {
  return {
    key: point.key,
    ids: point.repeats.flatMap(({ status, measurement, point: { id } }) =>
      status === 'ok' && measurement !== null ? [id] : [],
    ),
    workload: point.workload.name,
    load: loadLabel(point.load.level),
    window: windowsOf(point),
    figures: figuresIn('comparison', figures).flatMap(figure => {
      const estimate = point.figures[figure.name] ?? null
      const repeats = [...seededValues(figure, point)]
      if (estimate === null || repeats.length === 0) return []
      const { name, title, unit } = figure
      return [{ name, title, unit, mean: estimate.mean, ci95: intervalOf(estimate.ci95), repeats }]
    }),
    slo: objectives(point).map(({ title, limitMs, valueMs }) => ({ title, limitMs, valueMs })),
  }
}

const intervalOf = (ci95: readonly [number, number] | null): [number, number] | null => ci95 && [...ci95]

/**
 * Reads `expected.json`.
 * @param where the file, for messages
 * @throws FulcrumError (bad-input) `no-expectation` when it is something else
 */
export function parseExpectation(text: string, where: string): Expectation {
  const refuse = (why: string) =>
    new FulcrumError('bad-input', 'no-expectation', `Not an expectation of Fulcrum: ${why}.`, {
      where,
      remedy: 'Write one with `fulcrum tune RUN --write DIR`.',
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw refuse('not valid JSON')
  }
  const read = expectation.safeParse(json)
  if (read.success) return read.data
  const { format } = z.looseObject({ format: z.unknown() }).safeParse(json).data ?? {}
  if (typeof format === 'number' && format !== 1)
    throw refuse(`format ${format}; this version of Fulcrum reads format 1`)
  const [issue] = read.error.issues
  throw refuse(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'unreadable'}`)
}

/** Names what is expected: `2P1D on 12 GPUs`. */
export const expectedLabel = ({ label, gpus }: Expectation['deployment']): string =>
  `${label} on ${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}`
