import { type Allowed, allowed, allowedText, decimal, isAllowed } from '../../../analysis/capacity/allowed.ts'
import { currencyCode } from '../../../analysis/capacity/currency.ts'
import { dayShapes } from '../../../analysis/capacity/day-shape.ts'
import type { CapacityQuestion, Demand, RequestClass } from '../../../analysis/capacity/question.ts'
import { shellWord } from '../../../model/index.ts'

/** The values of the capacity page's form as text, by the flag of `fulcrum capacity`. */
export type CapacityForm = { readonly [field in FormField]: string }

/** Every {@link FormField}. */
export const formFields = [
  ...['demand', 'amount', 'think', 'mix', 'day', 'growth', 'months'],
  ...['slo-ttft-p95', 'slo-itl-p95', 'slo-latency-p95'],
  ...['gpus-per-node', 'nodes', 'price', 'currency', 'nodes-lost'],
] as readonly FormField[]

/** Name of a field of the capacity form. */
export type FormField =
  | ('demand' | 'amount' | 'think' | 'mix' | 'day' | 'growth' | 'months')
  | ('slo-ttft-p95' | 'slo-itl-p95' | 'slo-latency-p95')
  | ('gpus-per-node' | 'nodes' | 'price' | 'currency' | 'nodes-lost')

/** Error messages by field; `mix-0` is the weight of the first kind of request. */
export type FormProblems = { readonly [field: string]: string }

/** The original day, if it is not one of the named shapes. */
export const givenDay = 'as given'

const text = (value: number | null | undefined) => (value === null || value === undefined ? '' : plainText(value))

/** Writes a number exactly, with all digits and without an exponent. */
function plainText(value: number): string {
  const short = String(value)
  return short.includes('e')
    ? value.toLocaleString('en-US', { useGrouping: false, maximumSignificantDigits: 17 })
    : short
}

/** A share in percent, without needless digits. */
const percentText = (share: number, digits: number) => plainText(Number((100 * share).toPrecision(digits)))

/** Fills the form from a question. Weights are in percent of all requests. */
export function formOf({ traffic, slo, fleet }: CapacityQuestion): CapacityForm {
  const { demand, mix, day, growthPerMonth, months } = traffic
  return {
    demand: demand.kind,
    amount: text(demand.kind === 'users' ? demand.users : demand.requestsPerS),
    think: text(demand.kind === 'users' ? demand.thinkS : 30),
    mix: mix.map(({ share }) => percentText(share, 4)).join(' '),
    day:
      Object.entries(dayShapes).find(([, shape]) => shape.every((factor, hour) => factor === day[hour]))?.[0] ??
      givenDay,
    growth: percentText(growthPerMonth, 6),
    months: text(months),
    'slo-ttft-p95': text(slo.ttftP95Ms),
    'slo-itl-p95': text(slo.itlP95Ms),
    'slo-latency-p95': text(slo.requestLatencyP95Ms),
    'gpus-per-node': text(fleet.gpusPerNode),
    nodes: text(fleet.nodes),
    price: text(fleet.gpuPricePerHour),
    currency: fleet.currency ?? '',
    'nodes-lost': text(fleet.nodesLost),
  }
}

/**
 * Reads the question from a form. A field whose text equals that of `base` keeps the exact value of `base`.
 * @returns the question, or the error messages by field
 */
export function questionOfForm(
  form: CapacityForm,
  base: CapacityQuestion,
): { readonly question: CapacityQuestion } | { readonly problems: FormProblems } {
  const problems: { [field: string]: string } = {}
  const number = (field: string, written: string, range: Allowed): number => {
    const value = decimal(written.trim())
    if (!isAllowed(value, range)) problems[field] = `Write ${allowedText(range)}.`
    return value
  }
  const amount = (field: FormField, range: Allowed) => number(field, form[field], range)
  const optional = (field: FormField, range: Allowed) => (form[field].trim() === '' ? null : amount(field, range))
  const asBefore = formOf(base)
  const growth = number('growth', form.growth, { above: -100, to: 1000 }) / 100
  const price = optional('price', allowed.gpuPricePerHour)
  const question: CapacityQuestion = {
    traffic: {
      ...base.traffic,
      demand: demandOf(form, amount),
      mix: form.mix === asBefore.mix ? base.traffic.mix : mixOf(form, base, problems, number),
      day: dayOf(form, base),
      growthPerMonth: form.growth === asBefore.growth ? base.traffic.growthPerMonth : growth,
      months: amount('months', allowed.months),
    },
    slo: sloOf(field => optional(field, allowed.limitMs)),
    fleet: {
      gpusPerNode: amount('gpus-per-node', allowed.gpusPerNode),
      nodes: optional('nodes', allowed.nodes),
      gpuPricePerHour: price,
      currency: price === null ? null : currencyOf(form.currency, problems),
      nodesLost: amount('nodes-lost', allowed.nodesLost),
    },
  }
  return Object.keys(problems).length === 0 ? { question } : { problems }
}

function demandOf(form: CapacityForm, amount: (field: FormField, range: Allowed) => number): Demand {
  if (form.demand === 'users')
    return { kind: 'users', users: amount('amount', allowed.users), thinkS: amount('think', allowed.thinkS) }
  return { kind: form.demand === 'mean' ? 'mean' : 'peak', requestsPerS: amount('amount', allowed.requestsPerS) }
}

function dayOf(form: CapacityForm, { traffic: { day } }: CapacityQuestion): readonly number[] {
  return Object.entries(dayShapes).find(([name]) => name === form.day)?.[1] ?? day
}

/** A kind with a weight of 0 is omitted. */
function mixOf(
  form: CapacityForm,
  base: CapacityQuestion,
  problems: { [field: string]: string },
  number: (field: string, written: string, range: Allowed) => number,
): readonly RequestClass[] {
  const { mix } = base.traffic
  const written = weightsOf(form)
  const weights = mix.map((_, i) => number(`mix-${i}`, written[i] ?? '', { from: 0, to: allowed.weight.to }))
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  if (all === 0) problems['mix-0'] = 'At least one kind of request needs a weight above 0.'
  return mix.flatMap((kind, i) => {
    const weight = weights[i] ?? 0
    return weight > 0 ? [{ ...kind, share: weight / all }] : []
  })
}

/** The weights of the kinds of request, as text, in the order of the question's mix. */
export function weightsOf({ mix }: Pick<CapacityForm, 'mix'>): readonly string[] {
  return mix.split(' ')
}

function sloOf(limit: (field: FormField) => number | null): CapacityQuestion['slo'] {
  const [ttftP95Ms, itlP95Ms, requestLatencyP95Ms] = [
    limit('slo-ttft-p95'),
    limit('slo-itl-p95'),
    limit('slo-latency-p95'),
  ]
  return {
    ...(ttftP95Ms === null ? {} : { ttftP95Ms }),
    ...(itlP95Ms === null ? {} : { itlP95Ms }),
    ...(requestLatencyP95Ms === null ? {} : { requestLatencyP95Ms }),
  }
}

function currencyOf(written: string, problems: { [field: string]: string }): string | null {
  if (written.trim() === '') return null
  const code = currencyCode(written)
  if (code === null) problems.currency = 'Write an ISO 4217 code, such as EUR, USD or JPY.'
  return code
}

/**
 * The flags of `fulcrum capacity` that correspond to the form; null if only a capacity file can express it: a trace, a
 * custom day, lengths that the run does not have, or no SLO.
 * @param workloads of the run, by name
 */
export function flagsOfForm(
  form: CapacityForm,
  base: CapacityQuestion,
  workloads: ReadonlyMap<string, { readonly isl: number; readonly osl: number }>,
): readonly (readonly [flag: string, value: string])[] | null {
  const asked = questionOfForm(form, base)
  if ('problems' in asked) return null
  const { traffic, slo } = asked.question
  const named = traffic.mix.every(({ name, isl, osl }) => {
    const own = workloads.get(name)
    return own !== undefined && own.isl === isl && own.osl === osl && /^[^,=\s]+$/.test(name)
  })
  const once = new Set(traffic.mix.map(({ name }) => name)).size === traffic.mix.length
  if (!named || !once || traffic.busiestHour !== undefined || traffic.notes !== undefined || form.day === givenDay)
    return null
  if (Object.keys(slo).length === 0) return null
  const given = (field: FormField): (readonly [string, string])[] =>
    form[field].trim() === '' ? [] : [[field, form[field].trim()]]
  const written = weightsOf(form)
  const weights = form.mix === formOf(base).mix ? base.traffic.mix.map(({ share }) => share) : written.map(Number)
  const kinds = base.traffic.mix.flatMap(({ name }, i) => {
    const weight = weights[i] ?? 0
    return weight > 0 ? [`${name}=${plainText(weight)}`] : []
  })
  const users = form.demand === 'users'
  return [
    [users ? 'users' : form.demand === 'mean' ? 'mean-rps' : 'rps', form.amount.trim()],
    ...(users ? given('think') : []),
    ['mix', kinds.join(',')],
    ['day', form.day],
    ...(Number(form.growth) === 0 ? [] : [['growth', `${form.growth.trim()}%`] as const]),
    ...(Number(form.months) === 0 ? [] : given('months')),
    ...given('slo-ttft-p95'),
    ...given('slo-itl-p95'),
    ...given('slo-latency-p95'),
    ...given('gpus-per-node'),
    ...given('nodes'),
    ...given('price'),
    ...(form.price.trim() === '' ? [] : given('currency')),
    ...given('nodes-lost'),
  ]
}

/** The command that corresponds to the form; null if there is none, see {@link flagsOfForm}. */
export function commandOfForm(
  form: CapacityForm,
  base: CapacityQuestion,
  workloads: ReadonlyMap<string, { readonly isl: number; readonly osl: number }>,
  run: string,
): string | null {
  const flags = flagsOfForm(form, base, workloads)
  if (flags === null) return null
  const words = flags.flatMap(([flag, value]) => [`--${flag}`, shellWord(value)])
  return ['fulcrum', 'capacity', shellWord(run), ...words].join(' ')
}
