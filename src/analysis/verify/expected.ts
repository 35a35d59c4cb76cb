import { z } from 'zod'
import { type Figure, figuresIn } from '../../metrics/figures/index.ts'
import { dialects, FulcrumError } from '../../model/index.ts'
import { windowsOf } from '../compare/comparable.ts'
import { seededValues } from '../compare/seeded-values.ts'
import { loadLabel } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { objectives } from '../slo.ts'

const value = z.strictObject({
  /** Seed of the repeat's load. Repeats with the same seed in both measurements are compared in pairs. */
  seed: z.number(),
  value: z.number(),
})

const expectedPoint = z.strictObject({
  /** Key that its repeats share, see `pointKey`. */
  key: z.string().min(1),
  /** Ids of the valid repeats. */
  ids: z.array(z.string().min(1)).min(1),
  workload: z.string(),
  /** For display: `c 6`. */
  load: z.string(),
  /** Window of its figures: `steady` or `whole`, see `windowsOf`. */
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
  /** Limits of the SLO and the values measured against them, in ms. */
  slo: z.array(z.strictObject({ title: z.string(), limitMs: z.number(), valueMs: z.number().nullable() })),
})

const expectation = z.strictObject({
  format: z.literal(1),
  fulcrum: z.string(),
  run: z.strictObject({ id: z.string(), createdAt: z.string(), revision: z.string().nullable() }),
  deployment: z.strictObject({ id: z.string(), label: z.string(), gpus: z.number().positive() }),
  /** API dialect of its endpoint, see `Endpoint`. */
  dialect: z.enum(dialects),
  points: z.array(expectedPoint).min(1),
  /** Sweep of the points, as in the run's manifest. */
  sweep: z.strictObject({
    file: z.string(),
    text: z.string(),
    id: z.string().optional(),
    points: z.number().int().positive(),
  }),
})

/** Expected performance of a deployment written by `fulcrum tune --write`: `expected.json`. */
export type Expectation = z.infer<typeof expectation>
/** One point of an {@link Expectation}. */
export type ExpectedPoint = Expectation['points'][number]

/** Figures by which runs compare a point, with the repeats behind them. Leaves out figures that no repeat has. */
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
 * @param where file name for messages
 * @throws FulcrumError (bad-input) `no-expectation` if it is another kind of file
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

/** Names the expected deployment: `2P1D on 12 GPUs`. */
export const expectedLabel = ({ label, gpus }: Expectation['deployment']): string =>
  `${label} on ${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}`
